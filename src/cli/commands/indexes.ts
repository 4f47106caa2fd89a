import { fail } from '../../domain/failure.ts'
import type { Command, CommandCall } from '../command.ts'
import type { DecisionAnswer } from '../indexes/decision-answer.ts'
import { eventLines } from '../indexes/event-lines.ts'
import { followEvents, newestEvent } from '../indexes/follow-events.ts'
import { readReport } from '../indexes/read-report.ts'
import { reportLines } from '../indexes/report-lines.ts'
import { namespaceOf, type NamedNamespace } from '../namespace-of.ts'
import { reachServer, serverSettings, type ServerClient } from '../reach-server.ts'
import { terminalWidth } from '../terminal-width.ts'
import { wrapped } from '../wrapped.ts'

/** What reads filter by, which indexes serve them, who made them, and why. */
export const indexes: Command = {
  name: 'indexes',
  summary: 'Show the payload indexes of a namespace, the ones that made themselves, and why.',
  flags: [
    { flags: '--namespace <namespace>', summary: 'id or name (default: the only one)' },
    { flags: '--watch', summary: 'go on with each decision as it happens, until Ctrl+C' },
    { flags: '--check', summary: 'do not wait for the next check, do it now' },
    { flags: '--undo <decision>', summary: 'take the index of a decision away again' },
  ],
  settings: serverSettings,
  async run(call) {
    refuseContradictions(call)
    const server = await reachServer(call)
    const namespace = await namespaceOf(server, call.flags['namespace'])
    const { undo } = call.flags
    if (typeof undo === 'string') return await undoDecision(call, server, namespace, undo)
    const { check, watch } = call.flags
    const after = watch === true ? await newestEvent(server, namespace) : null
    if (check === true) await askForCheck(call, server, namespace)
    else await show(call, server, namespace)
    if (watch === true) await follow(call, server, namespace, after)
  },
}

function refuseContradictions({ flags }: CommandCall): void {
  if (typeof flags['undo'] !== 'string') return
  if (flags['watch'] === true || flags['check'] === true)
    throw fail('bad_request', {
      reason: '--undo takes one decision back and ends; leave --watch and --check out.',
    })
}

async function askForCheck(
  { isJson, print, flags }: CommandCall,
  server: ServerClient,
  namespace: NamedNamespace,
): Promise<void> {
  const answer = await server.call<{ message: string }>('POST', `${pathOf(namespace)}/check`)
  if (isJson) return print(JSON.stringify(answer))
  print('✓ The check begins within seconds.')
  if (flags['watch'] !== true)
    print(`  → nacre indexes --namespace ${namespace.name} --watch shows what it decides.`)
}

async function show(
  { isJson, print }: CommandCall,
  server: ServerClient,
  namespace: NamedNamespace,
): Promise<void> {
  const report = await readReport(server, namespace)
  if (isJson) return print(JSON.stringify(report))
  for (const line of reportLines(report, terminalWidth())) print(line)
}

/** With `--json` a document a line: there is no end at which one could be printed. */
async function follow(
  { isJson, print, signal }: CommandCall,
  server: ServerClient,
  namespace: NamedNamespace,
  after: string | null,
): Promise<void> {
  if (!isJson) print('\nWaiting for decisions; Ctrl+C ends it.')
  for await (const event of followEvents(server, namespace, { after, signal })) {
    if (isJson) print(JSON.stringify(event))
    else for (const line of eventLines(event, terminalWidth())) print(line)
  }
}

async function undoDecision(
  { isJson, print }: CommandCall,
  server: ServerClient,
  namespace: NamedNamespace,
  decisionId: string,
): Promise<void> {
  const path = `${pathOf(namespace)}/${encodeURIComponent(decisionId)}/undo`
  const decision = await server.call<DecisionAnswer>('POST', path)
  if (isJson) return print(JSON.stringify(decision))
  print(`✓ The decision about '${decision.field_name}' is ${decision.state}.`)
  print(wrapped(decision.reason, { width: terminalWidth(), indent: 2 }))
}

function pathOf({ id }: NamedNamespace): string {
  return `/v1/namespaces/${encodeURIComponent(id)}/index-decisions`
}
