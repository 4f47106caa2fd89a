import type { DecisionAnswer } from '../../src/cli/indexes/decision-answer.ts'
import { allDecided, reachedAt } from './decisions.ts'
import type { Stage } from './stage.ts'
import { Workload } from './workload.ts'

/** More than this many filters in a day lead to a decision (contract 8.4). */
const threshold = 100
const pauseMs = 100
const waitMs = 600_000

export interface Crossing {
  field: string
  /** Milliseconds since 1970 at which the first filter beyond the threshold was answered, or cost alone led to a look. */
  crossedAt: number
  /** When the check opened the decision. */
  openedAt: number | null
  buildingAt: number | null
  verifyingAt: number | null
  /** Null where it did not become active. */
  activeAt: number | null
  /** Filtered searches answered until it was decided about. */
  queries: number
  failed: number
  decision: DecisionAnswer
}

/** Searches that keep 1 % by this field, a tenth of a second between them, until it is decided about. Throws after ten minutes. */
export async function cross(stage: Stage, field: string): Promise<Crossing> {
  const leaf = (operator: string, value: number) => ({ field, operator, value })
  await using workload = new Workload(stage, pauseMs, [
    (at) => {
      const from = Math.floor(at * 9_900)
      return { AND: [leaf('gte', from), leaf('lt', from + 100)] }
    },
  ])
  const decision = (await allDecided(stage, [field], waitMs)).get(field)
  if (decision === undefined) throw new Error(`Nothing was decided about '${field}' in ten minutes`)
  const at = (state: string) => reachedAt(decision, state)
  const openedAt = at('observed')
  return {
    field,
    crossedAt: Math.min(workload.answeredAt(threshold + 1), openedAt ?? Number.POSITIVE_INFINITY),
    openedAt,
    buildingAt: at('building'),
    verifyingAt: at('verifying'),
    activeAt: at('active'),
    queries: workload.answered,
    failed: workload.failed,
    decision,
  }
}
