import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { routes } from '../../src/http/routes.ts'
import type { Answer } from '../support/server.ts'
import { attacks, namesIdsInBody, parametersOf, type Attempt, type Trial } from './attacks.ts'
import { bodies } from './bodies.ts'
import { renderReport, type Cell } from './report.ts'
import { pathOf, requestOf } from './request-of.ts'
import { unevenCalls } from './same-calls.ts'
import { callAs, openWorld, secret, stateOf, type World } from './tenants.ts'

const reportFile = new URL('../../docs/reference/isolation.md', import.meta.url)
const cells: Cell[] = []
let world: World

before(async () => {
  world = await openWorld()
})
after(async () => {
  await world[Symbol.asyncDispose]()
  if (process.env['NACRE_ISOLATION_REPORT'] === '1')
    await writeFile(reportFile, renderReport(routes, attacks, cells))
})

// The first of all: what a caller has asked before is in its memory.
test('a foreign id in a path costs the calls that an id of nobody costs: none is found sooner or looked into', async () => {
  const { compared, uneven } = await unevenCalls(world)

  assert.ok(compared > 100, `${compared} were compared`)
  assert.deepEqual(uneven, [])
})

describe('what is an organization’s own stays its own', () => {
  for (const attack of attacks) {
    test(attack.name, async () => {
      const untouched = await stateOf(world)
      const leaks: string[] = []
      for (const route of routes) {
        const trials = attack.trials(route, world)
        const statuses = new Set<number>()
        for (const trial of trials) {
          const { status, leaks: found } = await outcome(trial)
          statuses.add(status)
          leaks.push(...found)
        }
        cells.push({ route, attack: attack.name, trials: trials.length, statuses: [...statuses] })
      }
      assert.deepEqual(leaks, [])
      assert.deepEqual(await stateOf(world), untouched)
    })
  }
})

test('every operation whose document names ids in a body is tried with ids of another', () => {
  const untried = routes.filter(namesIdsInBody).filter(({ operationId }) => !bodies[operationId])
  assert.deepEqual(
    untried.filter(({ tag }) => tag !== 'archive').map(({ operationId }) => operationId),
    [],
    'operations to add to bodies.ts',
  )
})

test('what every path names is tried with that of another', () => {
  const { things } = world.victim
  const names = new Set(routes.flatMap(parametersOf))
  assert.deepEqual(
    [...names].filter((name) => !Object.hasOwn(things, name)).toSorted(),
    // Of the server alone, or an extractor's, which is a name and no thing; files go by the signatures of their URLs.
    ['archive_id', 'extractor_id', 'feature_extractor_id', 'file_id', 'hash', 'table'],
    'parameters to add to the things of a tenant',
  )
})

test('the report in docs/reference tells of every route', async () => {
  const report = await readFile(reportFile, 'utf8')
  const told = [...report.matchAll(/^\| ([A-Z]+ `[^`]+`) \|/gm)].map(([, name]) => name)
  assert.deepEqual(
    told,
    routes.map(({ method, path }) => `${method} \`${path}\``),
    'write it again: NACRE_ISOLATION_REPORT=1 node scripts/test.ts test/isolation/isolation.test.ts',
  )
})

test('things of equal names are each organization’s own, in listings, counts and when they go', async () => {
  const { server, victim, attacker } = world
  const name = `both-${victim.things['namespace_name']}`
  const [ours, theirs] = [callAs(server, victim.key), callAs(server, attacker.key)]
  const untouched = await stateOf(world)
  for (const call of [ours, theirs]) {
    await call('POST', '/v1/namespaces', { namespace_name: name })
    await call('POST', `/v1/namespaces/${name}/buckets`, { bucket_name: 'same' })
    await call('POST', '/v1/organizations/users', { email: 'sam@both.example', user_name: 'Sam' })
  }
  const [mine, other] = [
    await ours('GET', `/v1/namespaces/${name}`),
    await theirs('GET', `/v1/namespaces/${name}`),
  ]
  assert.notEqual(mine.namespace_id, other.namespace_id)
  const list = `/v1/namespaces/${name}/buckets/list?include_total=true`
  await theirs('POST', `/v1/namespaces/${name}/buckets`, { bucket_name: 'only theirs' })
  assert.equal((await ours('POST', list, {})).pagination.total, 1)
  assert.equal((await theirs('POST', list, {})).pagination.total, 2)

  await theirs('DELETE', `/v1/namespaces/${name}/buckets/same`)
  await theirs('DELETE', `/v1/namespaces/${name}`)
  await theirs('DELETE', '/v1/organizations/users/sam%40both.example')

  assert.equal((await ours('GET', `/v1/namespaces/${name}/buckets/same`)).bucket_name, 'same')
  const { user } = await ours('GET', '/v1/organizations/users/sam%40both.example')
  assert.equal(user.user_name, 'Sam')
  assert.deepEqual(await stateOf(world), untouched)
})

/** What a trial was answered, and what is wrong with that. */
async function outcome(trial: Trial): Promise<{ status: number; leaks: string[] }> {
  const { attempt, absent, expected } = trial
  const { status, text } = await send(attempt)
  const leaks: string[] = []
  if (!expected.includes(status)) leaks.push(`${status}, not ${expected.join(' or ')}`)
  const sent = JSON.stringify([attempt.body ?? null, attempt.namespace, pathOf(attempt)])
  const told = marks(attempt).filter((mark) => text.includes(mark) && !sent.includes(mark))
  leaks.push(...told.map((mark) => `tells ${mark}`))
  if (trial.isEmpty && status === 200 && countIn(JSON.parse(text)) !== 0)
    leaks.push('finds something')
  if (absent) {
    const other = await send(absent.attempt)
    const { foreignId, absentId } = absent
    const isSame = other.text.replaceAll(absentId, foreignId) === text
    if (other.status !== status || (status >= 400 && !isSame))
      leaks.push(`as absent: ${other.status} ${other.text.slice(0, 300)}`)
  }
  const what = `${attempt.route.method} ${attempt.route.path} ${JSON.stringify(attempt.body) ?? ''}`
  return {
    status,
    leaks: leaks.map((leak) => `${what}: ${leak} (${status} ${text.slice(0, 300)})`),
  }
}

/** What no answer to this caller may hold: the victim's words and ids, or of its one namespace to its other. */
function marks({ key }: Attempt): string[] {
  const { victim, attacker } = world
  const ids = Object.entries(victim.things)
    .filter(([name]) => /_id$|_identifier$/.test(name) && name !== 'plugin_id')
    .map(([, id]) => id)
  if (key === attacker.key || key === null) return [secret, ...ids]
  return []
}

/** How many things an answer lists or says that it changed. */
function countIn(answer: Answer): number {
  const lists = [answer.results, answer.documents, answer.executions, answer.tasks].filter(
    Array.isArray,
  )
  const listed = lists.reduce((sum, list) => sum + list.length, 0)
  return listed + (answer.updated_count ?? 0) + (answer.deleted_count ?? 0)
}

async function send(attempt: Attempt): Promise<{ status: number; text: string }> {
  const response = await fetch(requestOf(attempt, world.server.url))
  return { status: response.status, text: await response.text() }
}
