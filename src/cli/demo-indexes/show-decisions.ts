import { eventLines } from '../indexes/event-lines.ts'
import { followEvents } from '../indexes/follow-events.ts'
import { terminalWidth } from '../terminal-width.ts'
import type { NounNamespace } from './noun-namespace.ts'

/** Longer than it takes to write counts, hand them to a check, and make two indexes, on a slow machine. */
const waitMs = 240_000

const ends: ReadonlySet<string> = new Set(['active', 'declined', 'reverted', 'failed'])

/** Prints the ledger from behind `after` on, until each of these fields has an end. Throws where one has none in time. */
export async function untilDecided(
  { client, namespaceId, print }: NounNamespace,
  fields: readonly string[],
  after: string | null,
): Promise<void> {
  const late = AbortSignal.timeout(waitMs)
  const waiting = new Set(fields)
  for await (const event of followEvents(client, { id: namespaceId }, { after, signal: late })) {
    for (const line of eventLines(event, terminalWidth() - 2)) print(line.replaceAll(/^/gm, '  '))
    if (ends.has(event.to ?? '')) waiting.delete(event.path)
    if (waiting.size === 0) return
  }
  throw new Error(
    `Nothing was decided about ${[...waiting].join(', ')} in ${waitMs / 60_000} minutes.`,
  )
}
