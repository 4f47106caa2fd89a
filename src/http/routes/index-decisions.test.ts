import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn, openAsk, type Ask } from '../../../test/support/asked.ts'
import { openReadNamespace, type ReadNamespace } from '../../../test/support/read-namespace.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'
import { addOrganization } from '../../../test/support/tenant.ts'

const list = 'GET /v1/namespaces/{}/index-decisions'
const get = 'GET /v1/namespaces/{}/index-decisions/{}'
const undo = 'POST /v1/namespaces/{}/index-decisions/{}/undo'
const check = 'POST /v1/namespaces/{}/index-decisions/check'
const suggestions = 'GET /v1/analytics/indexes/suggestions'
const events = 'GET /v1/namespaces/{}/index-events'

const settled: ReadonlySet<string> = new Set(['active', 'declined', 'reverted', 'failed'])
const quick = {
  NACRE_INDEX_FILTERS_MIN: '5',
  NACRE_INDEX_MEASURE_MS: '400',
  NACRE_FACTS_AGE_MS: '10',
}
/** Where the gain is not what is looked at: on a busy machine it may not be sure. */
const unmeasured = { ...quick, NACRE_QUERY_SAMPLES: 'off', NACRE_INDEX_UNPROVEN: 'keep' }
const auto = { auto_create_indexes: true }

const documents = Array.from({ length: 1_000 }, (_, i) => ({
  brand: `brand ${i % 50}`,
  mixed: i % 2 ? i : `secret ${i}`,
}))

/** Reads enough of both fields, has them checked, and waits until so many decisions are settled. */
async function decide(
  { read, id }: Pick<ReadNamespace, 'read' | 'id'>,
  ask: Ask,
  fields: readonly string[],
): Promise<Answer[]> {
  for (const field of fields)
    await read({ filters: { AND: [{ field, operator: 'eq', value: 'brand 7' }] } }, 8)
  const asked = await ask(check, { path: [id] })
  assert.equal(asked.status, 202, JSON.stringify(asked.answer))
  for (;;) {
    const { answer } = await ask(list, { path: [id] })
    const ended = answer.results.filter((one: Answer) => settled.has(one.state))
    if (ended.length >= fields.length) return ended
    await sleep(50)
  }
}

describe('index decisions', () => {
  let server: TestServer
  let ask: Ask
  let films: ReadNamespace
  let kept: Answer
  let declined: Answer
  const keys = { read: '', write: '', other: '' }

  before(async () => {
    server = await startTestServer(unmeasured)
    ask = await openAsk(server)
    films = await openReadNamespace(server, 'films', auto)
    await openReadNamespace(server, 'other')
    await films.add(documents)
    await decide(films, ask, ['brand', 'mixed'])
    const { results } = (await ask(list, { path: [films.id] })).answer
    kept = results.find((one: Answer) => one.field_name === 'brand')
    declined = results.find((one: Answer) => one.field_name === 'mixed')
    keys.read = await addKey(server, 'read')
    keys.write = await addKey(server, 'write')
    keys.other = await addOrganization(server.ports)
  })
  after(() => server[Symbol.asyncDispose]())

  const undoOf = (id: string, step = {}) => ask(undo, { path: [films.id, id], ...step })

  test('tell why there is an index and why there is none, with what was counted', () => {
    assert.equal(kept.state, 'active', kept.reason)
    assert.deepEqual(kept.field_schema, { type: 'keyword' })
    assert.equal(kept.inputs.filtered_24h, 8)
    assert.equal(kept.inputs.usage.operators.eq, 8)
    assert.ok(Object.keys(kept.inputs.thresholds).length > 0)
    assert.deepEqual(
      [kept.census.documents, kept.census.with_value, kept.census.exceptions],
      [1_000, 1_000, 0],
    )
    assert.deepEqual([kept.actor, kept.attempts, kept.blocked_until], ['auto', 1, null])
    assert.ok(kept.active_at !== null && kept.undo.endsWith(`/${kept.decision_id}/undo`))
    assert.deepEqual(
      kept.events.map(({ to }: Answer) => to),
      ['observed', 'candidate', 'censused', 'building', 'verifying', 'active'],
    )

    assert.equal(declined.state, 'declined', declined.reason)
    assert.match(declined.reason, /different kinds/)
    assert.deepEqual([declined.field_schema, declined.undo], [null, null])
    assert.ok(declined.blocked_until > declined.updated_at)
  })

  test('show stored values to admins alone', async () => {
    const path = [films.id, declined.decision_id]

    const forAdmin = (await ask(get, { path })).answer
    const forReader = (await ask(get, { path, as: keys.read })).answer

    assert.match(JSON.stringify(forAdmin.census.kinds), /secret/)
    assert.doesNotMatch(JSON.stringify(forReader), /secret/)
    const unmasked = { ...forReader, census: forAdmin.census }
    assert.deepEqual(unmasked, forAdmin)
    for (const key of [list, events]) {
      const { answer } = await ask(key, { path: [films.id], as: keys.read })
      assert.ok(answer.results.length > 0)
      assert.doesNotMatch(JSON.stringify(answer), /secret/)
    }
  })

  test('are listed newest first, by state, by any name of the field, and page by page', async () => {
    const found = async (query: string): Promise<string[]> => {
      const { answer } = await ask(list, { path: [films.id], query })
      return answer.results.map((one: Answer) => one.field_name)
    }

    assert.deepEqual(await found('?state=active'), ['brand'])
    assert.deepEqual((await found('?state=active&state=declined')).toSorted(), ['brand', 'mixed'])
    assert.deepEqual(await found('?state=reverted'), [])
    assert.deepEqual(await found('?field=metadata.mixed'), ['mixed'])
    const one = { path: [films.id], query: '?limit=1&include_total=true' }
    const first = (await ask(list, one)).answer
    assert.deepEqual([first.pagination.total, first.pagination.has_more], [2, true])
    const cursor = encodeURIComponent(first.pagination.next_cursor)
    const rest = (await ask(list, { ...one, query: `?limit=1&cursor=${cursor}` })).answer
    assert.equal(rest.pagination.has_more, false)
    const both = [first, rest].flatMap(({ results }) => results)
    assert.ok(both[0].created_at >= both[1].created_at)
    assert.notEqual(both[0].decision_id, both[1].decision_id)
  })

  test('422 names a wrong state, page, cursor', async () => {
    for (const [key, query, name] of [
      [list, 'state=done', 'state'],
      [list, 'limit=201', 'limit'],
      [list, 'limit=0', 'limit'],
      [list, 'cursor=abc', 'cursor'],
      [events, 'limit=1001', 'limit'],
      [events, 'cursor=dec_1', 'cursor'],
    ] as const) {
      const { status, answer } = await ask(key, { path: [films.id], query: `?${query}` })
      assert.equal(status, 422, query)
      assert.match(faultsIn(answer).join(), new RegExp(`query\\.${name}`))
    }
  })

  test('404 for what is absent, in another namespace or of another organization, 401 without a key', async () => {
    const id = kept.decision_id
    const places: [string, string[]][] = [
      [list, ['absent']],
      [check, ['absent']],
      [events, ['absent']],
      [get, ['absent', id]],
      [get, [films.id, 'dec_absent']],
      [get, ['other', id]],
      [undo, [films.id, 'dec_absent']],
      [undo, ['other', id]],
    ]
    for (const [key, path] of places)
      assert.equal((await ask(key, { path })).status, 404, `${key} ${path.join()}`)
    for (const key of [list, check, events, get, undo]) {
      const path = [films.id, id]
      assert.equal((await ask(key, { path, as: keys.other })).status, 404, key)
      assert.equal((await ask(key, { path, as: null })).status, 401, key)
    }
  })

  test('403 to undo with a key that only reads, and to check with one that is no admin', async () => {
    assert.equal((await undoOf(kept.decision_id, { as: keys.read })).status, 403)
    for (const as of [keys.read, keys.write])
      assert.equal((await ask(check, { path: [films.id], as })).status, 403)
  })

  test('409 to check a namespace that does not make its indexes, with how to switch that on', async () => {
    const { status, answer } = await ask(check, { path: ['other'] })

    assert.equal(status, 409)
    assert.match(answer.error.details.hint, /"auto_create_indexes": true/)
    assert.deepEqual((await ask(list, { path: ['other'] })).answer.results, [])
  })

  test('stand beside the suggestion for their field', async () => {
    const asked = { namespace: films.id, query: '?min_count=1' }
    let { answer } = await ask(suggestions, asked)
    // The check plans the next one when it has nothing left to decide.
    for (; answer.next_auto_create_run === null; { answer } = await ask(suggestions, asked))
      await sleep(20)

    assert.equal(answer.auto_create_enabled, true)
    assert.ok(Date.parse(answer.next_auto_create_run) > Date.now())
    const told = answer.suggestions.map((one: Answer) => [
      one.field_name,
      one.is_indexed,
      one.decision.decision_id,
      one.decision.state,
    ])
    assert.deepEqual(told.toSorted(), [
      ['brand', true, kept.decision_id, 'active'],
      ['mixed', false, declined.decision_id, 'declined'],
    ])
    const { answer: advice } = await ask('GET /v1/analytics/namespaces/indexes/recommendations', {
      namespace: films.id,
    })
    const [mixed, ...others] = advice.recommendations
    assert.equal(others.length, 0)
    assert.ok(mixed.recommendation.endsWith(`The advisor (declined): ${declined.reason}`))
  })

  test('tell what the guard did about a value that the index cannot hold', async () => {
    await films.add([{ brand: 5.5 }])

    const { answer } = await ask(get, { path: [films.id, kept.decision_id] })
    const guarded = answer.events.filter(({ kind }: Answer) => kind === 'guard')
    assert.deepEqual(
      guarded.map(({ detail }: Answer) => detail.action),
      ['exception'],
    )
    const ledger = (await ask(events, { path: [films.id], query: '?field=brand&limit=1' })).answer
    assert.deepEqual(ledger.results, guarded)
    assert.equal(ledger.pagination.has_more, true)
    const before = `?field=brand&cursor=${ledger.pagination.next_cursor}`
    const rest = (await ask(events, { path: [films.id], query: before })).answer
    assert.equal(rest.results[0].to, 'active')
    assert.equal(rest.pagination.next_cursor, null)
  })

  test('are undone once: the index is gone, and its field is left alone', async () => {
    const { status, answer } = await undoOf(kept.decision_id, { as: keys.write })

    assert.equal(status, 200, JSON.stringify(answer))
    assert.deepEqual([answer.state, answer.undo], ['undone', null])
    assert.match(answer.actor, /^key_/)
    assert.ok(Date.parse(answer.blocked_until) > Date.now())
    assert.equal(answer.events.at(-1).to, 'undone')
    const { payload_indexes } = await server.call('GET', `/v1/namespaces/${films.id}`)
    assert.ok(payload_indexes.every((index: Answer) => index.origin !== 'auto'))
    const again = await undoOf(kept.decision_id)
    assert.equal(again.status, 409)
    assert.match(again.answer.error.message, /undone already/)
    assert.equal((await undoOf(declined.decision_id)).status, 409)
  })
})

test('a gain is told once recorded queries were timed before and after, with sample and interval', async () => {
  await using server = await startTestServer(quick)
  const ask = await openAsk(server)
  const films = await openReadNamespace(server, 'films', auto)
  await films.add(documents)

  const [decision] = await decide(films, ask, ['brand'])

  assert.ok(decision.before && decision.after, decision.reason)
  const own = decision.after.shapes.find(({ shape }: Answer) => shape.includes('brand'))
  assert.ok(own.samples > 0 && own.p50_ms > 0 && own.quartiles_ms.length === 2)
  assert.ok(decision.gain.share <= 1 && decision.gain.interval.length === 2)
  assert.ok(decision.parity.queries > 0)
  assert.equal(decision.parity.differences, 0)
  const { answer } = await ask(suggestions, { namespace: films.id, query: '?min_count=1' })
  const [suggestion] = answer.suggestions
  assert.match(
    suggestion.estimated_performance_gain,
    /^(?:Saved|Lost) -?\d+ % of the time \(95 % interval .* by \d+ recorded quer/,
  )
  assert.equal(suggestion.estimated_performance_gain, decision.gain.sentence)
})
