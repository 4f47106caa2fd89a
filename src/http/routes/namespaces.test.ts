import { fronted } from '../../../test/support/fronted.ts'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import type { Answer, TestRequest } from '../../../test/support/server.ts'
import { ensureFirstKey } from '../../domain/organizations/ensure-first-key.ts'
import type { Ports } from '../../ports/ports.ts'
import type { VectorEngine } from '../../ports/vector-engine.ts'
import { namespaceJobs } from '../../worker/jobs/namespaces.ts'
import { runWorker } from '../../worker/worker.ts'
import { createApi, type Api } from '../api.ts'
import { namespaceRoutes } from './namespaces.ts'

const key = 'sk_test_0123456789abcdef'
let ports: Ports & AsyncDisposable
let api: Api

describe('routes of namespaces', () => {
  before(async () => {
    ports = await openTestPorts()
    await ensureFirstKey(ports, { adminKey: key })
    await runWorker(ports, namespaceJobs, { concurrency: 1 })
    api = createApi(namespaceRoutes, ports)
  })
  after(async () => {
    await ports.queue.drain(5_000)
    await api[Symbol.asyncDispose]()
    await ports[Symbol.asyncDispose]()
  })

  describe('PATCH /v1/namespaces/{namespace_identifier}', () => {
    test("200 for the contract page's own body, byte for byte", async () => {
      const { namespace_id } = await create({ namespace_name: 'spotify_playlists_dev' })

      const response = await send(`/v1/namespaces/${namespace_id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: pageBody,
      })

      const answer: Answer = await response.json()
      assert.equal(response.status, 200, JSON.stringify(answer))
      assert.equal(answer.namespace_name, 'spotify_playlists_prod')
      assert.equal(answer.namespace_id, namespace_id)
      assert.equal(answer.description, '<string>')
      assert.equal(answer.auto_create_indexes, true)
      assert.equal(answer.document_count, 0)
      assert.equal(answer.infrastructure.qdrant_collection, namespace_id)
      assert.deepEqual(answer.feature_extractors, [])
      assert.deepEqual(customOf(answer), [
        {
          field_name: '<string>',
          type: 'keyword',
          field_schema: { type: 'keyword', is_tenant: false },
          is_protected: false,
          origin: 'user',
          state: 'active',
        },
      ])
      assert.ok(Date.parse(answer.updated_at) > Date.parse(answer.created_at))
      assert.deepEqual(await builtOf(namespace_id), ['<string>'])
    })

    test('200 by name as well, and the old name is gone after a rename', async () => {
      await create({ namespace_name: 'before' })

      const renamed = await patch('before', { namespace_name: 'after' })

      assert.equal(renamed.namespace_name, 'after')
      assert.equal((await send('/v1/namespaces/before')).status, 404)
      assert.equal((await send('/v1/namespaces/after')).status, 200)
    })

    test('an empty body, null and equal values change nothing, updated_at included', async () => {
      const made = await create({
        namespace_name: 'still',
        description: 'same',
        payload_indexes: [{ field_name: 'category', type: 'keyword' }],
      })

      const answers = [
        await patch('still', {}),
        await patch('still', {
          namespace_name: null,
          payload_indexes: null,
          auto_create_indexes: null,
          infrastructure: null,
        }),
        await patch('still', {
          namespace_name: 'still',
          description: 'same',
          auto_create_indexes: false,
        }),
        await patch('still', { payload_indexes: [{ field_name: 'category', type: 'keyword' }] }),
        await patch('still', {
          payload_indexes: made.payload_indexes,
          infrastructure: made.infrastructure,
        }),
      ]

      for (const answer of answers) assert.deepEqual(answer, made)
    })

    test('description null clears it', async () => {
      await create({ namespace_name: 'described', description: 'something' })

      assert.equal((await patch('described', { description: null })).description, null)
    })

    test('payload_indexes is a diff against the engine: create, drop, recreate, keep', async () => {
      const { namespace_id } = await create({
        namespace_name: 'indexed',
        payload_indexes: [
          { field_name: 'kept', type: 'keyword' },
          { field_name: 'changed', type: 'integer' },
          { field_name: 'dropped', type: 'float' },
        ],
      })

      const answer = await patch('indexed', {
        payload_indexes: [
          { field_name: 'metadata.kept', type: 'keyword' },
          { field_name: 'changed', type: 'integer', field_schema: { range: true, lookup: false } },
          { field_name: 'created', type: 'datetime' },
        ],
      })

      assert.deepEqual(
        customOf(answer).map(({ field_name, type, state }: Answer) => [field_name, type, state]),
        [
          ['metadata.kept', 'keyword', 'active'],
          ['changed', 'integer', 'active'],
          ['created', 'datetime', 'active'],
        ],
      )
      const there = (await ports.vectors.describeCollection(namespace_id))?.payload_schema
      assert.deepEqual(await builtOf(namespace_id), ['changed', 'created', 'kept'])
      assert.deepEqual(there?.['changed'], { type: 'integer', lookup: false, range: true })
    })

    test('every type is built in the engine with its options, and answered with all of them', async () => {
      const { namespace_id } = await create({ namespace_name: 'eight' })

      const answer = await patch('eight', {
        payload_indexes: eightTypes.map(({ field_name, type, given }) => ({
          field_name,
          type,
          ...(given && { field_schema: given }),
        })),
      })

      const there = (await ports.vectors.describeCollection(namespace_id))?.payload_schema ?? {}
      for (const { field_name, type, built } of eightTypes) {
        assert.deepEqual(there[field_name], { type, ...built })
        const shown = customOf(answer).find((index: Answer) => index.field_name === field_name)
        assert.deepEqual(shown.field_schema, { type, ...built })
        assert.equal(shown.state, 'active')
      }
      assert.deepEqual(
        await builtOf(namespace_id),
        eightTypes.map((one) => one.field_name).toSorted(),
      )
    })

    test('only an option that differs builds an index anew, and the flag of the namespace stays', async () => {
      const { namespace_id } = await create({
        namespace_name: 'optioned',
        auto_create_indexes: true,
        payload_indexes: [{ field_name: 'body', type: 'text' }],
      })

      const answer = await patch('optioned', {
        payload_indexes: [
          {
            field_name: 'body',
            type: 'text',
            field_schema: { tokenizer: 'prefix', lowercase: false },
          },
        ],
      })

      assert.equal(answer.auto_create_indexes, true)
      const there = (await ports.vectors.describeCollection(namespace_id))?.payload_schema
      assert.deepEqual(there?.['body'], {
        type: 'text',
        tokenizer: 'prefix',
        min_token_len: 2,
        max_token_len: 15,
        lowercase: false,
      })
    })

    test('422 names each fault of a list: a field twice, a system field, an option out of range', async () => {
      await create({ namespace_name: 'faulty' })

      const response = await send('/v1/namespaces/faulty', {
        method: 'PATCH',
        body: {
          payload_indexes: [
            { field_name: 'a', type: 'keyword' },
            { field_name: 'metadata.a', type: 'integer' },
            { field_name: 'collection_id', type: 'keyword', is_protected: false },
            { field_name: 'b', type: 'integer', field_schema: { lookup: false, range: false } },
            { field_name: 'c', type: 'text', field_schema: { min_token_len: 9, max_token_len: 3 } },
            { field_name: 'd', type: 'keyword', is_protected: true },
          ],
        },
      })

      const problem: Answer = await response.json()
      assert.equal(response.status, 422)
      assert.deepEqual(
        problem.detail.map(({ loc }: Answer) => loc.slice(2).join('.')),
        [
          '1.field_name',
          '2.field_name',
          '3.field_schema',
          '4.field_schema.max_token_len',
          '5.is_protected',
        ],
      )
    })

    test('200 with the index building and a task where the build outlasts the wait; then it is active', async () => {
      const { namespace_id } = await create({ namespace_name: 'slow' })
      const build = Promise.withResolvers<void>()
      const slow = createApi(namespaceRoutes, {
        ...ports,
        config: { ...ports.config, indexWaitMs: 50 },
        vectors: slowly(ports.vectors, build.promise),
      })

      const response = await send(
        '/v1/namespaces/slow',
        {
          method: 'PATCH',
          body: { payload_indexes: [{ field_name: 'year', type: 'integer' }] },
        },
        slow,
      )
      const answer: Answer = await response.json()
      const shown: Answer = await call('GET', '/v1/namespaces/slow')
      const second = await send(
        '/v1/namespaces/slow',
        { method: 'PATCH', body: { payload_indexes: [] } },
        slow,
      )

      assert.equal(response.status, 200, JSON.stringify(answer))
      assert.equal(customOf(answer)[0].state, 'building')
      assert.equal(customOf(shown)[0].state, 'building')
      assert.equal(second.status, 409)
      assert.match(await second.text(), /changing payload indexes/)
      build.resolve()
      await until(async () => (await taskStatus(answer.task_id)) === 'COMPLETED')
      assert.equal(customOf(await call('GET', '/v1/namespaces/slow'))[0].state, 'active')
      assert.deepEqual(await builtOf(namespace_id), ['year'])
      await slow[Symbol.asyncDispose]()
    })

    test('[] drops the custom indexes and leaves the protected ones', async () => {
      const { namespace_id } = await create({
        namespace_name: 'emptied',
        payload_indexes: [{ field_name: 'category', type: 'keyword' }],
      })

      const answer = await patch('emptied', { payload_indexes: [] })

      assert.equal(answer.payload_indexes.length, 11)
      assert.ok(
        answer.payload_indexes.every(
          (index: Answer) => index.is_protected && index.origin === 'system',
        ),
      )
      assert.deepEqual(await builtOf(namespace_id), [])
    })

    test('422 for one bad entry changes no index and no other field', async () => {
      const made = await create({
        namespace_name: 'guarded',
        payload_indexes: [{ field_name: 'category', type: 'keyword' }],
      })

      const response = await send('/v1/namespaces/guarded', {
        method: 'PATCH',
        body: {
          description: 'half-written',
          payload_indexes: [
            { field_name: 'year', type: 'integer' },
            { field_name: 'document_id', type: 'keyword' },
            { field_name: 'rating', type: 'number' },
          ],
        },
      })

      const problem: Answer = await response.json()
      assert.equal(response.status, 422)
      assert.deepEqual(problem.error.details.validation_errors[0].location, [
        'body',
        'payload_indexes',
        2,
        'type',
      ])
      assert.deepEqual(await call('GET', '/v1/namespaces/guarded'), made)
      assert.deepEqual(await builtOf(made.namespace_id), ['category'])
    })

    test('409 for a taken name leaves the indexes as they were', async () => {
      await create({ namespace_name: 'taken' })
      const { namespace_id } = await create({ namespace_name: 'wants-it' })

      const response = await send('/v1/namespaces/wants-it', {
        method: 'PATCH',
        body: {
          namespace_name: 'taken',
          payload_indexes: [{ field_name: 'category', type: 'keyword' }],
        },
      })

      const problem: Answer = await response.json()
      assert.equal(response.status, 409)
      assert.equal(problem.error.type, 'AlreadyExistsError')
      assert.deepEqual(await builtOf(namespace_id), [])
    })

    test('an index on a filled collection answers the same filter from the engine', async () => {
      const { namespace_id } = await create({ namespace_name: 'filled' })
      const points = Array.from({ length: 2_000 }, (_, i) => ({
        id: crypto.randomUUID(),
        payload: { category: i % 100 === 0 ? 'rare' : 'common' },
        vectors: {},
      }))
      await ports.vectors.write(namespace_id, { kind: 'upsert', points })
      const filter = { must: [{ key: 'category', match: { value: 'rare' } }] }
      const unindexed = await ports.vectors.count(namespace_id, { filter })

      const answer = await patch('filled', {
        payload_indexes: [{ field_name: 'category', type: 'keyword' }],
      })

      assert.equal(answer.document_count, 2_000)
      assert.equal(unindexed, 20)
      assert.equal(await ports.vectors.count(namespace_id, { filter }), 20)
    })

    test('an index that covers none of the values that documents have says so', async () => {
      const { namespace_id } = await create({ namespace_name: 'noted' })
      const points = Array.from({ length: 20 }, (_, i) => ({
        id: crypto.randomUUID(),
        payload: { year: `in ${1900 + i}`, tags: ['a', i], metadata: { literal: 'x' } },
        vectors: {},
      }))
      await ports.vectors.write(namespace_id, { kind: 'upsert', points })

      const answer = await patch('noted', {
        payload_indexes: [
          { field_name: 'year', type: 'integer' },
          { field_name: 'tags', type: 'integer' },
          { field_name: 'metadata.literal', type: 'keyword' },
        ],
      })
      const again = await patch('noted', { payload_indexes: answer.payload_indexes })

      const notes = customOf(answer).map((index: Answer) => index.note)
      assert.match(notes[0], /none of the values at 'year' in 20 documents.*whole numbers/)
      assert.equal(notes[1], undefined)
      assert.match(notes[2], /no document has a value at 'literal'/)
      const { warnings, ...rest } = answer
      assert.deepEqual(warnings, [
        {
          field_name: 'year',
          values_not_representable: 20,
          examples: warnings?.[0]?.examples,
        },
        { field_name: 'tags', values_not_representable: 20, examples: ['"a"'] },
      ])
      assert.match(warnings?.[0]?.examples[0] ?? '', /^"in 19\d\d"$/)
      assert.deepEqual(again, rest)
    })

    test('infrastructure takes what is writable from an admin and refuses the rest', async () => {
      await create({ namespace_name: 'built' })

      const answer = await patch('built', {
        infrastructure: { qdrant_collection: null, max_concurrent_jobs: 3 },
      })
      const refused = await send('/v1/namespaces/built', {
        method: 'PATCH',
        body: { infrastructure: { qdrant_url: 'http://127.0.0.1/' } },
      })

      assert.equal(answer.infrastructure.max_concurrent_jobs, 3)
      assert.equal(refused.status, 422)
    })
  })

  describe('PUT /v1/namespaces/{namespace_identifier}', () => {
    test('200, changes name and indexes as PATCH does', async () => {
      await create({ namespace_name: 'put-me' })

      const answer: Answer = await call('PUT', '/v1/namespaces/put-me', {
        namespace_name: 'was-put',
        payload_indexes: [{ field_name: 'year', type: 'integer' }],
      })

      assert.equal(answer.namespace_name, 'was-put')
      assert.equal(customOf(answer)[0].field_name, 'year')
    })
  })

  describe('POST /v1/namespaces', () => {
    test('200 with the extractors, their vectors and the eleven system indexes', async () => {
      const answer = await create({
        namespace_name: 'films',
        feature_extractors: [
          { feature_extractor_name: 'text_extractor', version: 'v1', feature_extractor_id: 'x' },
        ],
      })

      assert.match(answer.namespace_id, /^ns_/)
      assert.deepEqual(answer.feature_extractors, [
        {
          feature_extractor_name: 'text_extractor',
          version: 'v1',
          feature_extractor_id: 'text_extractor_v1',
        },
      ])
      assert.deepEqual(Object.keys(answer.vector_inference_map), ['text_extractor_v1_embedding'])
      assert.deepEqual(
        answer.payload_indexes
          .filter((index: Answer) => index.state === 'active')
          .map((index: Answer) => index.field_name),
        ['collection_id', 'source_object_id'],
      )
      assert.equal(answer.payload_indexes.length, 11)
      assert.equal(answer.document_count_complete, true)
      const there = await ports.vectors.describeCollection(answer.namespace_id)
      assert.equal(there?.name, `${answer.namespace_id}_g1`)
      assert.deepEqual(Object.keys(there?.vectors ?? {}), ['text_extractor_v1_embedding'])
    })

    test('200 for the shortest body that clients send, with name for namespace_name', async () => {
      const answer = await create({ name: 'short' })

      assert.equal(answer.namespace_name, 'short')
      assert.deepEqual(answer.feature_extractors, [])
      assert.equal(answer.auto_create_indexes, false)
    })

    test('404 for an unknown extractor, with the known ones', async () => {
      const response = await send('/v1/namespaces', {
        method: 'POST',
        body: {
          namespace_name: 'none',
          feature_extractors: [{ feature_extractor_name: 'telepathy', version: 'v1' }],
        },
      })

      const problem: Answer = await response.json()
      assert.equal(response.status, 404)
      assert.match(problem.error.details.hint, /text_extractor_v1/)
      assert.equal((await send('/v1/namespaces/none')).status, 404)
    })

    test('409 for a name that is taken', async () => {
      await create({ namespace_name: 'once' })

      const response = await send('/v1/namespaces', {
        method: 'POST',
        body: { namespace_name: 'once' },
      })

      assert.equal(response.status, 409)
    })

    test('of callers that race for one name, one gets it', async () => {
      const statuses = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const response = await send('/v1/namespaces', {
            method: 'POST',
            body: { namespace_name: 'raced' },
          })
          return response.status
        }),
      )

      assert.deepEqual(
        statuses.toSorted((a, b) => a - b),
        [200, 409, 409, 409],
      )
    })

    test('422 for names that could not be addressed', async () => {
      const names = ['', 'ns_abc', 'list', 'migrations', 'x'.repeat(256), ' padded', 'nul\u0000']
      for (const namespace_name of names) {
        const response = await send('/v1/namespaces', {
          method: 'POST',
          body: { namespace_name },
        })
        const problem: Answer = await response.json()
        assert.equal(response.status, 422, JSON.stringify(namespace_name))
        assert.deepEqual(problem.detail[0].loc, ['body', 'namespace_name'])
      }
    })

    test('422 for a bad index leaves nothing behind', async () => {
      const known = await ports.vectors.listCollections()

      const response = await send('/v1/namespaces', {
        method: 'POST',
        body: {
          namespace_name: 'bad',
          payload_indexes: [{ field_name: '_internal.x', type: 'keyword' }],
        },
      })

      const problem: Answer = await response.json()
      assert.equal(response.status, 422)
      assert.deepEqual(problem.detail[0].loc, ['body', 'payload_indexes', 0, 'field_name'])
      assert.deepEqual(await ports.vectors.listCollections(), known)
      assert.equal((await send('/v1/namespaces/bad')).status, 404)
    })

    test('ttl_seconds deletes the namespace when its time is up', async () => {
      const { namespace_id } = await create({ namespace_name: 'brief', ttl_seconds: 1 })

      await until(async () => (await send(`/v1/namespaces/${namespace_id}`)).status === 404)
    })
  })

  describe('GET /v1/namespaces/{namespace_identifier}', () => {
    test('an id wins over a name, and names may hold spaces and slashes', async () => {
      const { namespace_id } = await create({ namespace_name: 'my ns/1' })

      const byName = await call('GET', `/v1/namespaces/${encodeURIComponent('my ns/1')}`)

      assert.equal(byName.namespace_id, namespace_id)
    })

    test('404 names the resource and what was asked for', async () => {
      const response = await send('/v1/namespaces/nowhere')

      const problem: Answer = await response.json()
      assert.equal(response.status, 404)
      assert.equal(problem.error.details.resource, 'namespace')
      assert.equal(problem.error.details.id, 'nowhere')
    })
  })

  describe('POST /v1/namespaces/list', () => {
    test('200 with counts, pages and a search', async () => {
      for (const n of [1, 2, 3]) await create({ namespace_name: `listed-${n}` })

      const first: Answer = await call('POST', '/v1/namespaces/list?limit=2', {
        search: 'listed-',
      })
      const rest: Answer = await call(
        'POST',
        `/v1/namespaces/list?limit=2&cursor=${encodeURIComponent(first.pagination.next_cursor)}`,
        { search: 'listed-' },
      )

      assert.equal(first.total_count, 3)
      assert.equal(first.pagination.total, 3)
      assert.deepEqual(
        [...first.results, ...rest.results]
          .map(({ namespace_name }: Answer) => String(namespace_name))
          .toSorted((a, b) => a.localeCompare(b)),
        ['listed-1', 'listed-2', 'listed-3'],
      )
      assert.equal(first.stats.total_payload_indexes, 22)
      assert.equal(first.stats.avg_payload_indexes_per_namespace, 11)
    })

    test('200 without a body, by GET, and filtered by name', async () => {
      await create({ namespace_name: 'only-this' })

      const all: Answer = await call('GET', '/v1/namespaces?limit=1000')
      const one: Answer = await call('POST', '/v1/namespaces/list', {
        filters: { namespace_name: 'only-this' },
      })

      assert.ok(all.results.length > 1)
      assert.deepEqual(
        one.results.map(({ namespace_name }: Answer) => namespace_name),
        ['only-this'],
      )
    })
  })

  describe('DELETE /v1/namespaces/{namespace_identifier}', () => {
    test('200 with a task; the namespace is gone at once, its name free, the engine empty when the task ends', async () => {
      const { namespace_id } = await create({ namespace_name: 'doomed' })

      const answer: Answer = await call('DELETE', '/v1/namespaces/doomed')

      assert.equal(answer.status, 'PENDING')
      assert.equal(answer.namespace_id, namespace_id)
      assert.equal((await send('/v1/namespaces/doomed')).status, 404)
      assert.equal((await send(`/v1/namespaces/${namespace_id}`, { method: 'DELETE' })).status, 404)
      const again = await create({ namespace_name: 'doomed' })
      assert.notEqual(again.namespace_id, namespace_id)
      await until(async () => (await taskStatus(answer.task_id)) === 'COMPLETED')
      assert.equal(await ports.vectors.describeCollection(namespace_id), null)
      assert.equal((await ports.vectors.listCollections()).includes(`${namespace_id}_g1`), false)
    })
  })
})

/** The request that the contract's page shows, as it stands there. */
const pageBody = `
{
  "namespace_name": "spotify_playlists_prod",
  "description": "<string>",
  "payload_indexes": [
    {
      "field_name": "<string>",
      "type": "keyword",
      "field_schema": {
        "type": "text",
        "tokenizer": "word",
        "min_token_len": 2,
        "max_token_len": 15,
        "lowercase": true
      },
      "is_protected": false
    }
  ],
  "auto_create_indexes": true
}
`

/** Each type of contract 8.2: what a client says of it, and what the engine and the answer then have. */
const eightTypes: { field_name: string; type: string; given?: object; built: object }[] = [
  { field_name: 'tenant', type: 'keyword', given: { is_tenant: true }, built: { is_tenant: true } },
  { field_name: 'category', type: 'keyword', built: { is_tenant: false } },
  { field_name: 'year', type: 'integer', built: { lookup: true, range: true } },
  {
    field_name: 'rank',
    type: 'integer',
    given: { lookup: false },
    built: { lookup: false, range: true },
  },
  { field_name: 'price', type: 'float', built: {} },
  { field_name: 'is_new', type: 'bool', built: {} },
  { field_name: 'place', type: 'geo', built: {} },
  { field_name: 'at', type: 'datetime', built: {} },
  {
    field_name: 'body',
    type: 'text',
    given: { tokenizer: 'whitespace', max_token_len: 40 },
    built: { tokenizer: 'whitespace', min_token_len: 2, max_token_len: 40, lowercase: true },
  },
  { field_name: 'ref', type: 'uuid', built: { is_tenant: false } },
]

/** The real engine, whose payload indexes are built when `may` says so. */
function slowly(engine: VectorEngine, may: Promise<void>): VectorEngine {
  return fronted(engine, {
    async createPayloadIndex(...given) {
      await may
      await engine.createPayloadIndex(...given)
    },
  })
}

async function taskStatus(id: string): Promise<string | undefined> {
  const row = await ports.db
    .selectFrom('tasks')
    .select('status')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.status
}

async function send(
  path: string,
  { method = 'GET', headers = {}, body }: TestRequest = {},
  through: Api = api,
): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return await through.fetch(
    new Request(`http://localhost${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(text !== undefined && { body: text }),
    }),
  )
}

async function call(method: string, path: string, body?: object): Promise<Answer> {
  const response = await send(path, { method, body })
  const answer: Answer = await response.json()
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

function create(body: object): Promise<Answer> {
  return call('POST', '/v1/namespaces', body)
}

function patch(identifier: string, body: object): Promise<Answer> {
  return call('PATCH', `/v1/namespaces/${identifier}`, body)
}

function customOf(answer: Answer): Answer {
  return answer.payload_indexes.filter((index: Answer) => index.origin === 'user')
}

async function builtOf(namespaceId: string): Promise<string[]> {
  const there = await ports.vectors.describeCollection(namespaceId)
  return Object.keys(there?.payload_schema ?? {})
    .filter((path) => !path.startsWith('_internal'))
    .toSorted()
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it came true in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
