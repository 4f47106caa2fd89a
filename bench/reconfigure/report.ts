import type { Comparison } from './compare.ts'
import type { LockTimes } from './lock-log.ts'
import type { Stats } from '../support/steady.ts'

/** One change of the schema under load. */
export interface Change {
  name: string
  vectors: string[]
  /** From its request to its answer. */
  tookMs: number
  /** Reads and writes that began while it was under way and for a while afterwards. */
  reads: Stats
  writes: Stats
  /** Of the reads those that began while it was under way. */
  readsWithin: Stats
  comparison: Comparison
}

export interface Measured {
  /** Reads alone, and beside writes, before anything is changed. */
  baseline: Stats
  beside: Stats
  /** Of the online addition; null where the server did not say. */
  lock: LockTimes | null
  changes: Change[]
}

/** Markdown: what reads saw, what became of writes, and the goals. */
export function report(write: (line: string) => void, measured: Measured): void {
  const { baseline, beside, lock, changes } = measured
  write(
    '\n| | took s | reads | failed (empty) | p50 / p99 / max ms | p50, p99 to baseline | while under way: reads, failed (empty), max ms |',
  )
  write('|---|---|---|---|---|---|---|')
  write(readsRow('baseline: 100 reads/s', null, baseline, baseline, null))
  write(readsRow('and 100 writes/s', null, beside, baseline, null))
  for (const { name, tookMs, reads, readsWithin } of changes)
    write(readsRow(name, tookMs, reads, baseline, readsWithin))
  write(
    '\n| | writes | failed | p50 / p99 / max ms | documents after | lost | resurrected | stale | other vectors |',
  )
  write('|---|---|---|---|---|---|---|---|---|')
  for (const change of changes) write(writesRow(change))
  write('')
  for (const fault of changes.flatMap(faultsOf)) write(fault)
  const [online] = changes
  if (online) goals(write, online, baseline, beside, lock)
}

function readsRow(
  name: string,
  tookMs: number | null,
  reads: Stats,
  baseline: Stats,
  within: Stats | null,
): string {
  const ratios = `${ratio('p50Ms', reads, baseline)}, ${ratio('p99Ms', reads, baseline)}`
  const inside = within
    ? `${within.calls}, ${within.failed} (${within.empty}), ${within.times?.maxMs.toFixed(0) ?? '-'}`
    : ''
  const took = tookMs === null ? '' : (tookMs / 1000).toFixed(2)
  return `| ${name} | ${took} | ${reads.calls} | ${reads.failed} (${reads.empty}) | ${times(reads)} | ${ratios} | ${inside} |`
}

function writesRow({ name, writes, comparison }: Change): string {
  const { documents, lost, resurrected, stale, vectorsWrong, vectorsSeen } = comparison
  const cells = [documents, lost, resurrected, stale, `${vectorsWrong} of ${vectorsSeen}`]
  return `| ${name} | ${writes.calls} | ${writes.failed} | ${times(writes)} | ${cells.join(' | ')} |`
}

function faultsOf({ name, reads, writes, comparison }: Change): string[] {
  return [reads.firstFailure, writes.firstFailure, comparison.first]
    .filter((fault) => fault !== null)
    .map((fault) => `${name}: ${fault}`)
}

function goals(
  write: (line: string) => void,
  { tookMs, reads, comparison }: Change,
  baseline: Stats,
  beside: Stats,
  lock: LockTimes | null,
): void {
  const { lost, resurrected, stale } = comparison
  write(`online, failed reads: ${reads.failed} (goal 0)`)
  write(`online, lost, resurrected or stale writes: ${lost + resurrected + stale} (goal 0)`)
  write(
    lock === null
      ? `online, from request to done: ${seconds(tookMs)}; the server's log did not say how long it waited for the engine`
      : `online, from request to done: ${seconds(tookMs)}, of which until the engine's lock was had and the first vector made ${seconds(lock.waitedMs)}, and from then on ${seconds(lock.heldMs)} (goal: at most 1 s)`,
  )
  write(
    `online, read p99: ${ratio('p99Ms', reads, baseline)} × that of reads alone (goal: at most 2), ${ratio('p99Ms', reads, beside)} × that beside the same writes before`,
  )
}

function times({ times: found }: Stats): string {
  if (found === null) return ''
  return [found.p50Ms, found.p99Ms, found.maxMs].map((ms) => ms.toFixed(1)).join(' / ')
}

function ratio(of: 'p50Ms' | 'p99Ms', one: Stats, to: Stats): string {
  return one.times && to.times ? (one.times[of] / to.times[of]).toFixed(2) : ''
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`
}
