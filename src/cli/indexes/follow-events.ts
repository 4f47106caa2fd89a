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

/** Id of the newest line of the namespace's ledger; null of one without any. */
export async function newestEvent(
  server: Server,
  namespace: { id: string },
): Promise<string | null> {
  const { results } = await server.call<EventsAnswer>('GET', `${pathOf(namespace)}?limit=1`)
  return results[0]?.event_id ?? null
}

/** Steps of decisions and actions of the guard as they happen, oldest first, from those behind `after` on. */
export async function* followEvents(
  server: Server,
  namespace: { id: string },
  { after, signal }: { after: string | null; signal: AbortSignal },
): AsyncGenerator<EventAnswer> {
  let last = after
  while (!signal.aborted) {
    const events = await eventsAfter(server, namespace, last)
    yield* events
    last = events.at(-1)?.event_id ?? last
    // Ends the loop, and nothing else.
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

/** Oldest first; all there are where the last one is not among them any more. */
async function eventsAfter(
  server: Server,
  namespace: { id: string },
  last: string | null,
): Promise<EventAnswer[]> {
  const events: EventAnswer[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: EventsAnswer = await server.call(
      'GET',
      `${pathOf(namespace)}?limit=${eventsPerPage}${query}`,
    )
    const known = page.results.findIndex(({ event_id: id }) => id === last)
    events.push(...(known < 0 ? page.results : page.results.slice(0, known)))
    cursor = known < 0 ? page.pagination.next_cursor : null
  } while (cursor !== null)
  return events.toReversed()
}

function pathOf({ id }: { id: string }): string {
  return `/v1/namespaces/${encodeURIComponent(id)}/index-events`
}
