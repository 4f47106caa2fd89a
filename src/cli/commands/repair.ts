import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../domain/failure.ts'
import type { Command, CommandCall } from '../command.ts'
import { namespaceOf, type NamedNamespace } from '../namespace-of.ts'
import { reachServer, serverSettings, type ServerClient } from '../reach-server.ts'

/** What a damaged disk or a lost file took is made again, as far as its originals are there. */
export const repair: Command = {
  name: 'repair',
  summary: 'Make namespaces whole again whose documents cannot be opened; the rest is left alone.',
  arguments: [
    {
      name: 'namespace',
      summary: 'id or name (default: each that was found not to open)',
      required: false,
    },
  ],
  settings: serverSettings,
  async run(call) {
    const server = await reachServer(call)
    const [given] = call.arguments
    const found = given === undefined ? await broken(server) : [await namespaceOf(server, given)]
    if (found.length === 0) call.print(call.isJson ? '[]' : noneFound)
    const ends: Ended[] = []
    for (const namespace of found) ends.push(await repairOne(call, server, namespace))
    if (call.isJson && ends.length > 0) call.print(JSON.stringify(ends))
  },
}

const noneFound =
  '✓ No namespace is known not to open. `nacre repair <namespace>` reads all of one.'

interface Listed {
  namespace_id: string
  namespace_name: string
  document_count_complete: boolean
}

/** A namespace that cannot be counted does not open (or is busy: then its repair changes nothing). */
async function broken(server: ServerClient): Promise<NamedNamespace[]> {
  const found: NamedNamespace[] = []
  for (let page = 1; ; page++) {
    const path = `/v1/namespaces/list?page=${page}&page_size=100`
    const { results } = await server.call<{ results: Listed[] }>('POST', path, {})
    if (results.length === 0) return found
    const uncounted = results.filter(({ document_count_complete: isCounted }) => !isCounted)
    found.push(...uncounted.map(({ namespace_id: id, namespace_name: name }) => ({ id, name })))
  }
}

const pollMs = 250
const ends = ['COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELED']

interface Ended {
  namespace_id: string
  task_id: string
  status: string
  error?: string | null
  outputs?: { task_id: string }[]
  additional_data?: {
    was_broken?: boolean
    documents_kept?: number
    lost?: string[]
    reasons?: string[]
  }
}

async function repairOne(
  call: CommandCall,
  server: ServerClient,
  { id, name }: NamedNamespace,
): Promise<Ended> {
  const { task_id: taskId } = await server.call<{ task_id: string }>(
    'POST',
    `/v1/namespaces/${encodeURIComponent(id)}/repair`,
  )
  if (!call.isJson)
    call.print(`Namespace '${name}': looking through its documents (task ${taskId})`)
  for (;;) {
    const task = await server.call<Ended>('GET', `/v1/tasks/${taskId}`)
    const ended = { ...task, namespace_id: id, task_id: taskId }
    if (task.status === 'FAILED' || task.status === 'CANCELED')
      throw fail('bad_request', { reason: `Task ${taskId} is ${task.status}: ${task.error}` })
    if (ends.includes(task.status)) {
      if (!call.isJson) for (const line of linesOf(name, ended)) call.print(line)
      return ended
    }
    await sleep(pollMs, undefined, { signal: call.signal })
  }
}

function* linesOf(
  name: string,
  { outputs = [], additional_data: told = {} }: Ended,
): Generator<string, void, undefined> {
  const { was_broken: wasBroken = false, documents_kept: kept = 0, lost = [], reasons = [] } = told
  if (!wasBroken) return yield `✓ '${name}' opens, and all of its ${kept} documents can be read.`
  yield `✓ '${name}' opens again with ${kept} documents that could be saved.`
  for (const line of lost) yield `  lost: ${line}`
  for (const { task_id: id } of outputs)
    yield `  its documents are made again from originals: task ${id}`
  for (const line of reasons) yield `  not made again: ${line}`
  yield '  The damaged files are kept in qdrant/broken of the data folder; remove them when all is well.'
}
