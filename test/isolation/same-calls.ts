import { createApi, type Api } from '../../src/http/api.ts'
import { routes } from '../../src/http/routes.ts'
import { recordedPorts, type RecordedPorts } from '../support/recorded-ports.ts'
import { attacks, type Attempt } from './attacks.ts'
import { requestOf } from './request-of.ts'
import type { World } from './tenants.ts'

/**
 * What timers write of reads and keys, whoever is asking meanwhile; a caller's own key, which is read again once any key's row
 * has changed; what is known of values ages by the clock.
 */
const background =
  /"last_used_at" = |where "api_keys"."hash" = |insert into "executions"|query_usage_|slow_reads|query_samples|payload_fact/i

/**
 * Asks for a foreign id in each place of each path, and for one of nobody's, and compares what was asked of the database
 * and of the engine for it. Answers how many were compared, and those that differ.
 */
export async function unevenCalls(world: World): Promise<{ compared: number; uneven: string[] }> {
  await using recorded = recordedPorts(world.server.ports)
  await using api = createApi(routes, recorded.ports)
  const uneven: string[] = []
  let compared = 0
  for (const { name, trials } of attacks.filter((one) => one.name.endsWith('in path'))) {
    for (const route of routes) {
      for (const { attempt, absent } of trials(route, world)) {
        if (!absent) continue
        // What the path names before this id is in memory from here on, for both.
        await callsOf(api, recorded, absent.attempt)
        const foreign = await callsOf(api, recorded, attempt)
        const nobodys = await callsOf(api, recorded, another(absent))
        compared += 1
        if (foreign !== nobodys)
          uneven.push(`${route.method} ${route.path}, ${name}:\n${foreign}\nas absent:\n${nobodys}`)
      }
    }
  }
  return { compared, uneven }
}

/** The same with one more id that nobody has, which nothing remembers. */
function another({ attempt, absentId }: { attempt: Attempt; absentId: string }): Attempt {
  const swap = (id: string) => (id === absentId ? absentId.replace('0000', '0001') : id)
  const things = Object.entries(attempt.things).map(([name, id]) => [name, swap(id)])
  return { ...attempt, things: Object.fromEntries(things) }
}

/** SQL and calls of the engine, in an order of their own: what runs side by side has none. */
async function callsOf(api: Api, recorded: RecordedPorts, attempt: Attempt): Promise<string> {
  const from = recorded.calls.length
  await (await api.fetch(requestOf(attempt, 'http://nacre.test'))).text()
  return recorded.calls
    .slice(from)
    .filter((call) => !background.test(call))
    .toSorted()
    .join('\n')
}
