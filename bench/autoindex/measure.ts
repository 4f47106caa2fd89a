import { quantile } from '../support/statistics.ts'
import type { Case } from './cases.ts'
import { documentsTotal, share, vectorOf } from './data.ts'
import { search, type Stage } from './stage.ts'
import type { Trap } from './traps.ts'
import type { Truth } from './truth.ts'

export const queriesPerCase = 25

export interface Measured {
  p50Ms: number
  p95Ms: number
  /** Of the ten nearest by an exact search; null where that is not known. */
  recall: number | null
  /** What each query found. */
  found: number[][]
}

/** The same queries each time: their vectors belong to no document. */
function queriesOf(name: string): { vector: Float32Array; at: number }[] {
  return Array.from({ length: queriesPerCase }, (_, i) => ({
    vector: vectorOf(documentsTotal + i * 37),
    at: share(i, name),
  }))
}

/** One query after the other, over HTTP. */
export async function measureCase(stage: Stage, truth: Truth, one: Case): Promise<Measured> {
  const times: number[] = []
  const found: number[][] = []
  let [hits, wanted] = [0, 0]
  for (const { vector, at } of queriesOf(one.name + one.selectivity)) {
    const { filter, matches } = one.ask(at)
    const start = performance.now()
    const answer = await search(stage, vector, filter)
    times.push(performance.now() - start)
    found.push(answer)
    const nearest = truth.tenNearest(vector, matches)
    hits += nearest.filter((n) => answer.includes(n)).length
    wanted += nearest.length
  }
  return { ...timesOf(times), recall: hits / wanted, found }
}

export async function measureTrap(stage: Stage, trap: Trap): Promise<Measured> {
  const times: number[] = []
  const found: number[][] = []
  for (const { vector, at } of queriesOf(trap.field)) {
    const start = performance.now()
    found.push(await search(stage, vector, trap.filter(at)))
    times.push(performance.now() - start)
  }
  return { ...timesOf(times), recall: null, found }
}

function timesOf(times: readonly number[]) {
  return { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) }
}
