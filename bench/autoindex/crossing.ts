import type { DecisionAnswer } from '../../src/cli/indexes/decision-answer.ts'
import { Steady } from '../reconfigure/steady.ts'
import { documentsTotal, share, vectorOf } from './data.ts'
import { allDecided, reachedAt } from './decisions.ts'
import { search, type Stage } from './stage.ts'

/** More than this many filters in a day lead to a decision (contract 8.4). */
const threshold = 100
const searchesPerSecond = 5
const waitMs = 600_000

export interface Crossing {
  field: string
  /** Milliseconds since 1970 at which the first filter beyond the threshold was answered. */
  crossedAt: number
  buildingAt: number | null
  verifyingAt: number | null
  /** Null where it did not become active. */
  activeAt: number | null
  /** Filtered searches answered until it was decided about. */
  queries: number
  failed: number
  decision: DecisionAnswer
}

/** Searches that keep 1 % by this field, five a second, until it is decided about. Throws where nothing is decided. */
export async function cross(stage: Stage, field: string): Promise<Crossing> {
  let answered = 0
  let crossedAt = 0
  const steady = new Steady(searchesPerSecond, async (i) => {
    const from = Math.floor(share(i, field) * 9_900)
    const leaf = (operator: string, value: number) => ({ field, operator, value })
    const filter = { AND: [leaf('gte', from), leaf('lt', from + 100)] }
    await search(stage, vectorOf(documentsTotal + i), filter)
    if (++answered === threshold + 1) crossedAt = Date.now()
  })
  const started = Date.now()
  steady.start()
  const decision = (await allDecided(stage, [field], waitMs)).get(field)
  const queries = answered
  await steady.stop()
  const { failed } = await steady.stats(started, Date.now())
  if (decision === undefined) throw new Error(`Nothing was decided about '${field}' in ten minutes`)
  const at = (state: string) => reachedAt(decision, state)
  const times = {
    crossedAt,
    buildingAt: at('building'),
    verifyingAt: at('verifying'),
    activeAt: at('active'),
  }
  return { field, ...times, queries, failed, decision }
}
