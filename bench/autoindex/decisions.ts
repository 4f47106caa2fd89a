import { setTimeout as sleep } from 'node:timers/promises'
import { newestOfFields, type DecisionAnswer } from '../../src/cli/indexes/decision-answer.ts'
import type { Stage } from './stage.ts'

const ended: ReadonlySet<string> = new Set(['active', 'declined', 'reverted', 'dropped', 'failed'])

/** The newest decision of each field. */
export async function decisionsOf({
  within,
  namespaceId,
}: Stage): Promise<Map<string, DecisionAnswer>> {
  const path = `/v1/namespaces/${namespaceId}/index-decisions?limit=100`
  const { results } = (await within.call('GET', path)) as unknown as { results: DecisionAnswer[] }
  return new Map(newestOfFields(results).map((one) => [one.field_name, one]))
}

/** Comes back when each of the fields has a decision at its end, or `waitMs` are over. */
export async function allDecided(
  stage: Stage,
  fields: readonly string[],
  waitMs: number,
): Promise<Map<string, DecisionAnswer>> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const decisions = await decisionsOf(stage)
    const isOver = fields.every((field) => ended.has(decisions.get(field)?.state ?? ''))
    if (isOver || Date.now() > deadline) return decisions
    await sleep(500)
  }
}

/** Milliseconds since 1970 at which it first reached the state; null where it never did. */
export function reachedAt({ events }: DecisionAnswer, state: string): number | null {
  const event = events.find(({ to }) => to === state)
  return event ? Date.parse(event.at) : null
}
