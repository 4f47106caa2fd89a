import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerClient } from '../reach-server.ts'
import type { EventAnswer } from './decision-answer.ts'

const pollMs = 500
/** Of one question; with more than that since the last one, the pages before are asked for, too. */
const eventsPerPage = 100

type Server = Pick<ServerClient, 'call'>

interface EventsAnswer {
  results: EventAnswer[]
  pagination: { next_cursor: string | null }
}

/** Id of the newest line of the namespace's ledger; 0 of one without any. */
export async function newestEvent(server: Server, namespace: { id: string }): Promise<number> {
  const { results } = await server.call<EventsAnswer>('GET', `${pathOf(namespace)}?limit=1`)
  return idOf(results[0])
}

/** Steps of decisions and actions of the guard as they happen, oldest first, from those behind `after` on. */
export async function* followEvents(
  server: Server,
  namespace: { id: string },
  { after, signal }: { after: number; signal: AbortSignal },
): AsyncGenerator<EventAnswer> {
  let last = after
  while (!signal.aborted) {
    const events = await eventsAfter(server, namespace, last)
    yield* events
    last = idOf(events.at(-1)) || last
    // Ends the loop, and nothing else.
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

/** Oldest first. */
async function eventsAfter(
  server: Server,
  namespace: { id: string },
  last: number,
): Promise<EventAnswer[]> {
  const events: EventAnswer[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: EventsAnswer = await server.call(
      'GET',
      `${pathOf(namespace)}?limit=${eventsPerPage}${query}`,
    )
    events.push(...page.results)
    cursor = page.pagination.next_cursor
  } while (cursor !== null && idOf(events.at(-1)) > last + 1)
  return events.filter((event) => idOf(event) > last).toReversed()
}

function idOf(event: EventAnswer | undefined): number {
  return Number(event?.event_id ?? 0)
}

function pathOf({ id }: { id: string }): string {
  return `/v1/namespaces/${encodeURIComponent(id)}/index-events`
}
