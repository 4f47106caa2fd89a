import type { DecisionAnswer } from '../../src/cli/indexes/decision-answer.ts'
import type { BareTrap } from './bare-engine.ts'
import type { BesideWrites } from './beside-writes.ts'
import { ofOneField, ofTwoFields, type Case } from './cases.ts'
import type { Crossing } from './crossing.ts'
import type { Measured } from './measure.ts'
import { traps } from './traps.ts'
import type { WriteRate } from './writer.ts'

/** Before and after of one filter. */
export interface Change {
  before: Measured
  after: Measured
}

export interface Results {
  quiet: Crossing
  beside: BesideWrites
  ofCases: ReadonlyMap<Case, Change>
  /** By field. */
  ofTraps: ReadonlyMap<string, Change>
  decisions: ReadonlyMap<string, DecisionAnswer>
  bare: readonly BareTrap[]
}

type Write = (line: string) => void

/** Markdown. */
export function report(write: Write, results: Results): void {
  crossings(write, results)
  writes(write, results.beside)
  gains(write, results, 'type × selectivity', ofOneField)
  gains(write, results, 'ANDs of two fields', ofTwoFields)
  rules(write, results)
  goals(write, results)
}

function crossings(write: Write, { quiet, beside }: Results): void {
  write('\n## From the 101st filter to an index in use\n')
  write(
    '| | looked at by | until then s | building s | active s | filtered searches until then | of them failed |',
  )
  write('|---|---|---|---|---|---|---|')
  write(crossingRow('one client searches', quiet))
  write(crossingRow('one searches, one writes', beside.crossing))
  for (const { field, activeAt, decision } of [quiet, beside.crossing])
    if (activeAt === null) write(`\n${field} is ${decision.state}: ${decision.reason}`)
}

function crossingRow(name: string, crossing: Crossing): string {
  const { crossedAt, openedAt, buildingAt, activeAt, queries, failed, decision } = crossing
  const since = (at: number | null) => (at === null ? '-' : ((at - crossedAt) / 1000).toFixed(1))
  const times = [since(openedAt), since(buildingAt), since(activeAt)]
  const cells = [decision.inputs.rule, ...times, queries, failed]
  return `| ${name} | ${cells.join(' | ')} |`
}

function writes(write: Write, { before, during, building, after }: BesideWrites): void {
  write('\n## Writes meanwhile: one client, document after document\n')
  write('| | writes/s | to before | p50 / p99 / longest ms |')
  write('|---|---|---|---|')
  write(writesRow('before', before, before))
  write(writesRow('from looked at to active', during, before))
  if (building) write(writesRow('of that, while the engine builds', building, before))
  write(writesRow('after', after, before))
}

function writesRow(name: string, rate: WriteRate, before: WriteRate): string {
  const { perSecond, p50Ms, p99Ms, longestMs } = rate
  const share = `${((perSecond / before.perSecond) * 100).toFixed(0)} %`
  const times = [p50Ms, p99Ms, longestMs].map((ms) => ms.toFixed(1)).join(' / ')
  return `| ${name} | ${perSecond.toFixed(0)} | ${share} | ${times} |`
}

function gains(write: Write, results: Results, title: string, cases: readonly Case[]): void {
  write(`\n## ${title}\n`)
  write(
    '| filter | keeps | before: p50 / p95 ms | after: p50 / p95 ms | gain | recall@10 before, after | indexes |',
  )
  write('|---|---|---|---|---|---|---|')
  for (const one of cases) {
    const change = results.ofCases.get(one)
    if (!change) continue
    const states = one.fields.map((field) => shortState(results.decisions.get(field)))
    const recall = [change.before, change.after].map((half) => half.recall?.toFixed(3) ?? '-')
    const cells = [one.name, one.selectivity, ...timesOf(change), recall.join(', ')]
    write(`| ${cells.join(' | ')} | ${states.join(', ')} |`)
  }
}

function timesOf({ before, after }: Change): string[] {
  const cell = ({ p50Ms, p95Ms }: Measured) => `${p50Ms.toFixed(2)} / ${p95Ms.toFixed(2)}`
  return [cell(before), cell(after), gainOf(before, after)]
}

/** Share of the time saved. */
function gainOf(before: Measured, after: Measured): string {
  return `${((1 - after.p50Ms / before.p50Ms) * 100).toFixed(1)} %`
}

function shortState(decision: DecisionAnswer | undefined): string {
  if (!decision) return 'undecided'
  const type = decision.state === 'active' ? decision.field_schema?.type : null
  return type ?? decision.state
}

function rules(write: Write, results: Results): void {
  const { decisions, ofTraps, bare } = results
  write('\n## What counting filters alone would have built, beside what was decided\n')
  write(
    '| field | counting alone | what that changes on the engine by itself | decided | p50 before → after ms |',
  )
  write('|---|---|---|---|---|')
  for (const { field, story, naive } of traps) {
    const alone = bare.find((one) => one.field === field)
    const change = ofTraps.get(field)
    const times = change
      ? `${change.before.p50Ms.toFixed(2)} → ${change.after.p50Ms.toFixed(2)}`
      : '-'
    const decided = shortState(decisions.get(field))
    write(`| ${field}: ${story} | ${naive.type} | ${bareText(alone)} | ${decided} | ${times} |`)
  }
  write('\nWhy, in the words of the ledger; of the fields above those without an index:\n')
  const shown = new Set(traps.map(({ field }) => field))
  for (const [field, decision] of decisions)
    if (shown.has(field) || decision.state !== 'active')
      write(`- ${field}, ${decision.state}: ${decision.reason}`)
}

function bareText(alone: BareTrap | undefined): string {
  if (!alone) return 'nothing: it cannot serve the filter'
  const { changed, matchesBefore, matchesAfter } = alone
  if (changed === 0) return 'nothing'
  return `${changed} of 100 answers: ${matchesBefore} matches become ${matchesAfter}`
}

function goals(write: Write, { quiet, ofCases, ofTraps }: Results): void {
  const seconds = quiet.activeAt === null ? null : (quiet.activeAt - quiet.crossedAt) / 1000
  write(
    `\nFrom crossing the threshold to active: ${seconds?.toFixed(0) ?? 'never'} s (goal: under 120)`,
  )
  const recalls = [...ofCases.values()].map(({ after }) => after.recall ?? 1)
  write(`Least recall@10 of a filter afterwards: ${Math.min(...recalls).toFixed(3)} (goal: 0.95)`)
  const changed = [...ofTraps].filter(
    ([, { before, after }]) => JSON.stringify(before.found) !== JSON.stringify(after.found),
  )
  const names = changed.map(([field]) => field).join(', ')
  write(`Fields of the last table whose answers changed here: ${names || 'none'} (goal: none)`)
}
