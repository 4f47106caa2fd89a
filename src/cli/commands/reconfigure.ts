import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../domain/failure.ts'
import type { Command, CommandCall } from '../command.ts'
import { namespaceOf, type NamedNamespace } from '../namespace-of.ts'
import { reachServer, serverSettings, type ServerClient } from '../reach-server.ts'
import { planTable, type ReconfigureReport } from '../reconfigure/plan-table.ts'
import { vectorShapes } from '../reconfigure/vector-shapes.ts'

/** The schema of a namespace follows its extractors and deployed plugins: plan first, then the change. */
export const reconfigure: Command = {
  name: 'reconfigure',
  summary: "Show what a namespace's vectors lack for its extractors and plugins, and change them.",
  arguments: [
    { name: 'namespace', summary: 'id or name (default: the only one)', required: false },
  ],
  flags: [
    { flags: '--dry-run', summary: 'show the plan and change nothing' },
    { flags: '--online', summary: 'add what is missing to the live collection: no document lost' },
    { flags: '--reprocess', summary: 'make the documents again before the new collection answers' },
    { flags: '--undo', summary: 'bring back the collection from before the last reconfigure' },
    { flags: '--discard-writes', summary: 'with --undo: also where documents were written since' },
    { flags: '--yes', summary: 'do not ask before documents are deleted' },
  ],
  settings: serverSettings,
  async run(call) {
    refuseContradictions(call)
    const server = await reachServer(call)
    const namespace = await namespaceOf(server, call.arguments[0])
    if (call.flags['undo'] === true) await undo(call, server, namespace)
    else await change(call, server, namespace)
  },
}

function refuseContradictions({ flags }: CommandCall): void {
  const ways = ['online', 'reprocess', 'undo'].filter((name) => flags[name] === true)
  if (ways.length > 1) {
    throw usage(`--${ways.join(' and --')} are different ways to go; choose one.`)
  }
  if (flags['undo'] === true && flags['dryRun'] === true)
    throw usage('--undo has no plan to show; what it cannot bring back, it refuses by itself.')
}

async function undo(
  call: CommandCall,
  server: ServerClient,
  { id }: NamedNamespace,
): Promise<void> {
  const answer = await server.call<{ message: string }>('POST', `${pathOf(id)}/undo`, {
    discard_writes: call.flags['discardWrites'] === true,
  })
  call.print(call.isJson ? JSON.stringify(answer) : `✓ ${answer.message}`)
}

async function change(
  call: CommandCall,
  server: ServerClient,
  namespace: NamedNamespace,
): Promise<void> {
  const { flags, isJson, print } = call
  const way = {
    strategy: flags['online'] === true ? 'online' : 'recreate',
    ...(flags['reprocess'] === true && { reprocess: true }),
  }
  const path = pathOf(namespace.id)
  const plan = await server.call<ReconfigureReport>('POST', path, { dry_run: true, ...way })
  const shapes = isJson ? new Map<string, string>() : await vectorShapes(server, namespace.id)
  if (!isJson) for (const line of planLines(namespace, plan, shapes)) print(line)
  const isDone = plan.status === 'no_changes_needed' || flags['dryRun'] === true
  if (isDone) return isJson ? print(JSON.stringify(plan)) : undefined
  await confirmLoss(call, plan)
  const answer = await server.call<ReconfigureReport>('POST', path, { confirm: true, ...way })
  if (isJson) return print(JSON.stringify(answer))
  print(`✓ ${answer.message}`)
  for (const id of answer.collections_to_reprocess)
    print(`  → POST /v1/namespaces/${namespace.name}/collections/${id}/trigger`)
  for (const task of answer.tasks ?? []) await follow(call, server, task)
  if (answer.undo_until !== null)
    print(`  → nacre reconfigure ${namespace.name} --undo, until ${answer.undo_until}`)
}

function* planLines(
  { name }: NamedNamespace,
  plan: ReconfigureReport,
  shapes: ReadonlyMap<string, string>,
): Generator<string> {
  yield `Namespace '${name}':`
  yield* planTable(plan, shapes)
  if (plan.status === 'no_changes_needed') yield `✓ ${plan.message}`
}

/** Throws `bad_request` where documents would go and nobody said yes. */
async function confirmLoss({ flags, isJson }: CommandCall, report: ReconfigureReport) {
  const { points_deleted: deleted } = report.plan
  if (deleted === 0 || flags['reprocess'] === true || flags['yes'] === true) return
  const loss = `${deleted} documents will be missing from searches until their collections are triggered again.`
  if (isJson || !process.stdin.isTTY) {
    throw fail('bad_request', {
      reason: loss,
      hint: '--yes goes on; --online deletes none, --reprocess makes them again first.',
    })
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await prompt.question(`${loss} Go on? [y/N] `)
  prompt.close()
  if (!/^y(es)?$/i.test(answer.trim()))
    throw fail('bad_request', { reason: 'Nothing was changed.' })
}

const pollMs = 250
const ends = ['COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELED']

interface TaskAnswer {
  status: string
  error?: string | null
}

/** Waits for a task; throws `bad_request` with its error where it does not complete. */
async function follow({ print, signal }: CommandCall, server: ServerClient, id: string) {
  for (;;) {
    const { status, error } = await server.call<TaskAnswer>('GET', `/v1/tasks/${id}`)
    if (status === 'COMPLETED') return print(`✓ Task ${id} is done: the new collection answers.`)
    if (ends.includes(status))
      throw fail('bad_request', {
        reason: `Task ${id} is ${status}: ${error ?? 'no reason given'}`,
      })
    await sleep(pollMs, undefined, { signal })
  }
}

function pathOf(namespaceId: string): string {
  return `/v1/namespaces/${encodeURIComponent(namespaceId)}/plugins/reconfigure`
}

function usage(reason: string) {
  return fail('bad_request', { reason })
}
