import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createApi, type Api } from '../../src/http/api.ts'
import { routes } from '../../src/http/routes.ts'
import { recordedPorts, type RecordedPorts } from '../support/recorded-ports.ts'
import { attacks, type Attempt } from './attacks.ts'
import { requestOf } from './request-of.ts'
import { openWorld, type World } from './tenants.ts'

/** What timers write of reads and keys, whoever is asking meanwhile. */
const background =
  /"last_used_at" = |insert into "executions"|query_usage_|slow_reads|query_samples/i

let world: World
let recorded: RecordedPorts
let api: Api

before(async () => {
  world = await openWorld()
  recorded = recordedPorts(world.server.ports)
  api = createApi(routes, recorded.ports)
})
after(async () => {
  await api[Symbol.asyncDispose]()
  await recorded[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

test('a foreign id in a path costs the calls that an id of nobody costs: none is found sooner or looked into', async () => {
  const uneven: string[] = []
  let compared = 0
  for (const { name, trials } of attacks.filter((one) => one.name.endsWith('in path'))) {
    for (const route of routes) {
      for (const { attempt, absent } of trials(route, world)) {
        if (!absent) continue
        // What the path names before this id is in memory from here on, for both.
        await callsOf(absent.attempt)
        const [foreign, nobodys] = [await callsOf(attempt), await callsOf(another(absent))]
        compared += 1
        if (foreign !== nobodys)
          uneven.push(`${route.method} ${route.path}, ${name}:\n${foreign}\nas absent:\n${nobodys}`)
      }
    }
  }
  assert.ok(compared > 100, `${compared} were compared`)
  assert.deepEqual(uneven, [])
})

/** The same with one more id that nobody has, which nothing remembers. */
function another({ attempt, absentId }: { attempt: Attempt; absentId: string }): Attempt {
  const swap = (id: string) => (id === absentId ? absentId.replace('0000', '0001') : id)
  const things = Object.entries(attempt.things).map(([name, id]) => [name, swap(id)])
  return { ...attempt, things: Object.fromEntries(things) }
}

/** SQL and calls of the engine, in an order of their own: what runs side by side has none. */
async function callsOf(attempt: Attempt): Promise<string> {
  const from = recorded.calls.length
  await (await api.fetch(requestOf(attempt, 'http://nacre.test'))).text()
  return recorded.calls
    .slice(from)
    .filter((call) => !background.test(call))
    .toSorted()
    .join('\n')
}
