import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerClient } from '../reach-server.ts'
import type { DecisionAnswer, EventAnswer } from './decision-answer.ts'
import { readDecisions } from './read-report.ts'

const pollMs = 500
/** Decisions that are watched, the newest; a namespace makes few a day. */
const watchedMax = 50

export interface Step {
  decision: DecisionAnswer
  event: EventAnswer
}

/** Steps of decisions and actions of the guard as they happen, oldest first; `since`: those of before are left out. */
export async function* followDecisions(
  server: Pick<ServerClient, 'call'>,
  namespace: { id: string },
  { since, signal }: { since: Date; signal: AbortSignal },
): AsyncGenerator<Step> {
  const seen = new Set<string>()
  while (!signal.aborted) {
    const decisions = await readDecisions(server, namespace, watchedMax)
    const steps = decisions.flatMap((decision) =>
      decision.events.map((event) => ({ decision, event })),
    )
    for (const step of steps.filter(({ event }) => isNew(event, since, seen)).sort(byTime)) {
      seen.add(step.event.event_id)
      yield step
    }
    // Ends the loop, and nothing else.
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

function isNew({ event_id: id, at }: EventAnswer, since: Date, seen: ReadonlySet<string>): boolean {
  return Date.parse(at) >= since.getTime() && !seen.has(id)
}

function byTime(a: Step, b: Step): number {
  return Number(a.event.event_id) - Number(b.event.event_id)
}
