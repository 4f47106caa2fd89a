import { tableLines } from '../table.ts'
import { wrapped } from '../wrapped.ts'
import { newestOfFields, type DecisionAnswer } from './decision-answer.ts'
import { cut, fieldCharactersMax, timeText } from './event-lines.ts'
import type { IndexReport } from './read-report.ts'

/** Of a row, beside the field: indent, gaps, and the widest of each. */
const otherColumns = 57

/** What a person reads: one line a field, then why each decision is what it is. */
export function* reportLines(report: IndexReport, width: number): Generator<string> {
  const { namespace, auto_create_indexes: isOn } = report
  yield `Namespace '${namespace.name}': auto_create_indexes is ${isOn ? 'on' : 'off'}.`
  yield* (isOn ? nextCheck(report) : howToSwitchOn(namespace.name)).map((text) =>
    wrapped(text, { width, indent: 0 }),
  )
  const rows = rowsOf(report, Math.min(fieldCharactersMax, width - otherColumns))
  if (rows.length === 0)
    yield '\nNo read named a field in the last 24 hours, and no index was made.'
  else {
    yield ''
    yield* tableLines([['field', 'reads/24 h', 'index', 'made by', 'decision'], ...rows]).map(
      (line) => `  ${line}`,
    )
  }
  for (const decision of newestOfFields(report.decisions))
    yield* decisionLines(decision, namespace.name, width)
}

function nextCheck({ next_auto_create_run: next }: IndexReport): string[] {
  const when = next === null ? '' : `Next check ${timeText(next)}; a`
  return [`${when || 'A'} field that crosses the threshold is looked at within a minute.`]
}

function howToSwitchOn(name: string): string[] {
  return [`PATCH /v1/namespaces/${name} {"auto_create_indexes": true} switches it on.`]
}

/** Fields by how often they were read; then indexes that nothing read by, but for the system's. */
function rowsOf(
  { suggestions, payload_indexes, decisions }: IndexReport,
  fieldMax: number,
): (string | number)[][] {
  const reads = new Map(suggestions.map((one) => [one.field_name, one.query_count_24h]))
  const indexes = new Map(
    payload_indexes
      .filter(({ state }) => state !== 'virtual')
      .map((index) => [index.field_name, index]),
  )
  const decided = new Map(newestOfFields(decisions).map((one) => [one.field_name, one]))
  const declared = [...indexes.values()].filter(({ origin }) => origin !== 'system')
  const names = new Set([
    ...reads.keys(),
    ...declared.map((index) => index.field_name),
    ...decided.keys(),
  ])
  return [...names]
    .sort((a, b) => (reads.get(b) ?? 0) - (reads.get(a) ?? 0) || a.localeCompare(b))
    .map((name) => {
      const index = indexes.get(name)
      const type = index === undefined ? '' : index.type
      const state = index?.state === 'active' || !index ? '' : ` (${index.state})`
      return [
        cut(name, fieldMax),
        reads.get(name) ?? 0,
        `${type}${state}`,
        makers[index?.origin ?? ''] ?? '',
        decided.get(name)?.state ?? '',
      ]
    })
}

const makers: Readonly<Record<string, string>> = {
  auto: 'itself',
  user: 'you',
  plugin: 'a plugin',
  system: 'Nacre',
}

function* decisionLines(
  decision: DecisionAnswer,
  namespace: string,
  width: number,
): Generator<string> {
  const { field_name: field, state, updated_at: at, blocked_until: until } = decision
  yield `\n${cut(field, fieldCharactersMax)}: ${state}, ${timeText(at)}`
  yield wrapped(decision.reason, { width, indent: 2 })
  if (decision.undo !== null)
    yield `  → nacre indexes --namespace ${namespace} --undo ${decision.decision_id}`
  else if (until !== null && Date.parse(until) > Date.now())
    yield `  It is not looked at again before ${timeText(until)}.`
}
