import type { DecisionAnswer } from '../indexes/decision-answer.ts'
import { eventLines } from '../indexes/event-lines.ts'
import { followDecisions } from '../indexes/follow-decisions.ts'
import { terminalWidth } from '../terminal-width.ts'
import type { NounNamespace } from './noun-namespace.ts'

/** Longer than it takes to write counts, hand them to a check, and make two indexes, on a slow machine. */
const waitMs = 240_000

const ends: ReadonlySet<string> = new Set(['active', 'declined', 'reverted', 'failed'])

/**
 * Prints the log of decisions until each of these fields has an end, and answers their newest decisions. Throws where
 * one has none in time.
 */
export async function untilDecided(
  { client, namespaceId, print }: NounNamespace,
  fields: readonly string[],
  since: Date,
): Promise<Map<string, DecisionAnswer>> {
  const late = AbortSignal.timeout(waitMs)
  const waiting = new Set(fields)
  const decided = new Map<string, DecisionAnswer>()
  const steps = followDecisions(client, { id: namespaceId }, { since, signal: late })
  for await (const { decision, event } of steps) {
    for (const line of eventLines(decision, event, terminalWidth() - 2))
      print(line.replaceAll(/^/gm, '  '))
    decided.set(decision.field_name, decision)
    if (ends.has(event.to ?? '')) waiting.delete(decision.field_name)
    if (waiting.size === 0) return decided
  }
  throw new Error(
    `Nothing was decided about ${[...waiting].join(', ')} in ${waitMs / 60_000} minutes.`,
  )
}
