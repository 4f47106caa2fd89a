import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Shard } from './index.d.ts'
import {
  dense,
  failure,
  json,
  parsed,
  pointId,
  scratchFolder,
  scratchShard,
  upsertRandom,
} from './scratch-shard.ts'
import { loadEdge } from './load.ts'

interface Point {
  id: string
  score?: number
  payload?: Record<string, unknown>
  vector?: Record<string, unknown>
  order_value?: number
}

/** Four points: 1 and 4 near the first axis of `a`, words and rows that tell them apart. */
async function fill(shard: Shard): Promise<void> {
  const points = [1, 2, 3, 4].map((n) => ({
    id: pointId(n),
    payload: { n, kind: n % 2 === 0 ? 'even' : 'odd', deep: { list: [{ x: n }] } },
    vectors: {
      words: { indices: [9, n], values: [0.5, n] },
      multi: [
        [n, 1],
        [0, 2],
      ],
    },
  }))
  await shard.upsert(json(points), [
    dense('a', [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [1, 1, 0, 0],
    ]),
  ])
}

// By default serde_json reads every tenth number of sixteen digits and more as its neighbour.
test('a number comes back as the one that went in, whatever its digits, and after the shard was open again', async () => {
  await using scratch = await scratchShard()
  const { shard, path } = scratch
  const random = () => (Math.random() - 0.5) * 10 ** Math.floor(Math.random() * 40 - 20)
  const numbers = [123456789.12345679, 5e-324, ...Array.from({ length: 5_000 }, random)]
  await shard.upsert(json([{ id: pointId(1), payload: { numbers } }]), [dense('a', [[1, 0, 0, 0]])])
  const read = async (from: Shard) =>
    parsed<Point[]>(await from.retrieve(json({ ids: [pointId(1)] })))[0]?.payload?.['numbers']

  assert.deepEqual(await read(shard), numbers)
  await shard.close()
  const again = await loadEdge().Shard.open(path)
  assert.deepEqual(await read(again), numbers)
  await again.close()
})

const axis = [Float32Array.of(1, 0.1, 0, 0)]
const nearAxis = { query: { nearest: { $vector: 0 } }, using: 'a' }

async function query(shard: Shard, request: object, vectors = axis): Promise<Point[]> {
  return parsed(await shard.query(json(request), vectors))
}

function ids(points: Point[]): number[] {
  return points.map(({ id }) => Number.parseInt(id.slice(-12), 16))
}

test('a point comes back with its payload and every kind of vector', async () => {
  await using scratch = await scratchShard()
  await fill(scratch.shard)
  const request = { ids: [pointId(3), pointId(99), pointId(1)], with_vector: true }
  const points = parsed<Point[]>(await scratch.shard.retrieve(json(request)))
  assert.deepEqual(points, [
    {
      id: pointId(3),
      payload: { n: 3, kind: 'odd', deep: { list: [{ x: 3 }] } },
      vector: {
        a: [0, 0, 1, 0],
        multi: [
          [3, 1],
          [0, 2],
        ],
        words: { indices: [3, 9], values: [3, 0.5] },
      },
    },
    {
      id: pointId(1),
      payload: { n: 1, kind: 'odd', deep: { list: [{ x: 1 }] } },
      vector: {
        a: [1, 0, 0, 0],
        multi: [
          [1, 1],
          [0, 2],
        ],
        words: { indices: [1, 9], values: [1, 0.5] },
      },
    },
  ])
})

test('an upsert replaces payload and vectors, updateVectors only the vectors it names', async () => {
  await using scratch = await scratchShard()
  await fill(scratch.shard)
  await scratch.shard.upsert(json([{ id: pointId(1), payload: { fresh: true } }]), [])
  await scratch.shard.updateVectors(json([{ id: pointId(2) }]), [dense('a', [[0, 0, 0, 1]])])
  const request = { ids: [pointId(1), pointId(2)], with_vector: true }
  const [one, two] = parsed<Point[]>(await scratch.shard.retrieve(json(request)))
  assert.deepEqual(one, { id: pointId(1), payload: { fresh: true }, vector: {} })
  assert.deepEqual(two?.vector?.['a'], [0, 0, 0, 1])
  assert.deepEqual(Object.keys(two?.vector ?? {}), ['a', 'multi', 'words'])
  assert.equal(two?.payload?.['n'], 2)
})

test('nearest takes dense, sparse and multi-dense vectors, and a point that is not its own answer', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  assert.deepEqual(ids(await query(shard, { ...nearAxis, limit: 2 })), [1, 4])
  const sparse = {
    query: { nearest: { indices: [9, 3], values: [1, 1] } },
    using: 'words',
    limit: 1,
  }
  assert.deepEqual(ids(await query(shard, sparse)), [3])
  const multi = { query: { nearest: [{ $vector: 0 }, { $vector: 1 }] }, using: 'multi', limit: 1 }
  assert.deepEqual(
    ids(await query(shard, multi, [Float32Array.of(1, 0), Float32Array.of(0, 1)])),
    [4],
  )
  const byPoint = { query: { nearest: pointId(1) }, using: 'a', limit: 9 }
  assert.deepEqual(ids(await query(shard, { ...byPoint, limit: 1 })), [4])
  assert.deepEqual(
    ids(await query(shard, byPoint)).toSorted((a, b) => a - b),
    [2, 3, 4],
  )
})

test('prefetches nest and are fused by rank or by distribution', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  const words = { query: { nearest: { indices: [4], values: [1] } }, using: 'words', limit: 4 }
  const prefetch = [{ ...nearAxis, limit: 4 }, words]
  const filter = { must: [{ key: 'n', range: { gte: 2 } }] }
  assert.equal(ids(await query(shard, { prefetch, query: { fusion: 'rrf' }, limit: 3 }))[0], 4)
  assert.equal(ids(await query(shard, { prefetch, query: { fusion: 'dbsf' }, limit: 3 }))[0], 4)
  assert.equal(ids(await query(shard, { prefetch, query: { rrf: { k: 60 } }, limit: 3 }))[0], 4)
  const nested = { prefetch: { prefetch, query: { fusion: 'rrf' }, limit: 4 }, ...nearAxis, filter }
  assert.deepEqual(ids(await query(shard, nested)), [4, 2, 3])
})

test('a query orders, samples, cuts by score and offset, and selects payload and vectors', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  await shard.createPayloadIndex('n', json('integer'))
  const ordered = { query: { order_by: { key: 'n', direction: 'desc' } }, limit: 2 }
  assert.deepEqual(ids(await query(shard, ordered)), [4, 3])
  assert.equal((await query(shard, { query: { sample: 'random' }, limit: 3 })).length, 3)
  assert.deepEqual(ids(await query(shard, { ...nearAxis, score_threshold: 0.5 })), [1, 4])
  assert.deepEqual(ids(await query(shard, { ...nearAxis, offset: 1, limit: 1 })), [4])
  const [hit] = await query(shard, {
    ...nearAxis,
    params: { exact: true },
    with_payload: ['kind', 'deep.list[].x'],
    with_vector: ['a'],
  })
  assert.deepEqual(hit?.payload, { kind: 'odd', deep: { list: [{ x: 1 }] } })
  assert.deepEqual(hit?.vector, { a: [1, 0, 0, 0] })
})

test('groups hold their best hits, facets count values, scroll pages by id or by field', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  await shard.createPayloadIndex('kind', json('keyword'))
  await shard.createPayloadIndex('n', json('integer'))
  const request = { ...nearAxis, group_by: 'kind', group_size: 1, limit: 2, with_payload: ['n'] }
  const groups = parsed<{ id: string; hits: Point[] }[]>(
    await shard.queryGroups(json(request), axis),
  )
  assert.deepEqual(
    groups.map(({ id, hits }) => [id, hits.map(({ payload }) => payload)]),
    [
      ['odd', [{ n: 1 }]],
      ['even', [{ n: 4 }]],
    ],
  )
  for (const exact of [true, false]) {
    const facet = {
      key: 'kind',
      limit: 5,
      exact,
      filter: { must: [{ key: 'n', range: { lt: 4 } }] },
    }
    assert.deepEqual(parsed(await shard.facet(json(facet))), [
      { value: 'odd', count: 2 },
      { value: 'even', count: 1 },
    ])
  }
  const page = parsed<{ points: Point[]; next_page_offset: string | null }>(
    await shard.scroll(json({ limit: 3 })),
  )
  assert.deepEqual([ids(page.points), page.next_page_offset], [[1, 2, 3], pointId(4)])
  const last = { limit: 3, offset: page.next_page_offset, with_payload: false }
  assert.deepEqual(parsed(await shard.scroll(json(last))), {
    points: [{ id: pointId(4) }],
    next_page_offset: null,
  })
  const byField = { limit: 2, order_by: { key: 'n', direction: 'desc' } }
  const sorted = parsed<{ points: Point[] }>(await shard.scroll(json(byField)))
  assert.deepEqual(
    sorted.points.map(({ order_value }) => order_value),
    [4, 3],
  )
})

test('an exact count follows every write, though it is kept between them', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  const count = () => shard.count(json({}))
  assert.equal(await count(), 0)
  await fill(shard)
  assert.equal(await count(), 4)
  await shard.update(json({ delete_points: { ids: [pointId(1)] } }))
  assert.equal(await count(), 3)
  await shard.update(
    json({ delete_points_by_filter: { must: [{ key: 'n', match: { value: 2 } }] } }),
  )
  assert.equal(await count(), 2)
  await Promise.all([1, 2, 3].map((n) => upsertRandom(shard, 100 * n, 50, { a: 4 })))
  assert.equal(await count(), 152)
  assert.equal(await count(), 152)
})

test('payload operations set, overwrite, delete and clear, by ids and by filter', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  const points = [pointId(1)]
  const filter = { must: [{ key: 'n', match: { value: 2 } }] }
  await shard.update(json({ set_payload: { payload: { x: 1 }, points, key: 'deep' } }))
  await shard.update(json({ overwrite_payload: { payload: { only: 'this' }, filter } }))
  await shard.update(json({ delete_payload: { keys: ['deep.list', 'kind'], points } }))
  await shard.update(json({ clear_payload: { points: [pointId(3)] } }))
  await shard.update(json({ delete_vectors_by_filter: [{ must: [{ has_id: points }] }, ['a']] }))
  const request = { ids: [1, 2, 3].map(pointId), with_vector: ['a'] }
  assert.deepEqual(parsed(await shard.retrieve(json(request))), [
    { id: pointId(1), payload: { n: 1, deep: { x: 1 } }, vector: {} },
    { id: pointId(2), payload: { only: 'this' }, vector: { a: [0, 1, 0, 0] } },
    { id: pointId(3), payload: {}, vector: { a: [0, 0, 1, 0] } },
  ])
})

test('every type of payload index is made, replaced by another type, and dropped', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  const types = ['keyword', 'integer', 'float', 'geo', 'text', 'bool', 'datetime', 'uuid']
  for (const type of types) await shard.createPayloadIndex('field', json({ type }))
  await shard.createPayloadIndex('tenant', json({ type: 'keyword', is_tenant: true }))
  await shard.createPayloadIndex(
    '"a b"',
    json({ type: 'text', tokenizer: 'word', lowercase: true }),
  )
  interface Info {
    payload_schema: Record<string, { data_type: string; params?: object }>
  }
  const schema = async () => parsed<Info>(await shard.info()).payload_schema
  assert.equal((await schema())['field']?.data_type, 'uuid')
  assert.deepEqual((await schema())['tenant']?.params, { type: 'keyword', is_tenant: true })
  for (const field of ['field', 'tenant', '"a b"', 'absent']) await shard.dropPayloadIndex(field)
  assert.deepEqual(await schema(), {})
})

test('vector names are made and dropped beside the points, each call as often as one likes', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  for (const _ of [1, 2])
    await shard.createVectorName('b', json({ dense: { size: 2, distance: 'Dot' } }))
  await shard.createVectorName('s', json({ sparse: { modifier: 'idf' } }))
  await shard.updateVectors(json([{ id: pointId(1) }]), [dense('b', [[3, 4]])])
  assert.deepEqual(ids(await query(shard, { query: [1, 1], using: 'b' })), [1])
  await assert.rejects(
    shard.createVectorName('b', json({ dense: { size: 3, distance: 'Dot' } })),
    failure('invalid_argument', /already exists with different parameters/),
  )
  await assert.rejects(
    shard.createVectorName('s', json({ dense: { size: 3, distance: 'Dot' } })),
    failure('invalid_argument', /is a sparse vector already/),
  )
  for (const _ of [1, 2]) await shard.dropVectorName('b')
  await shard.createVectorName('b', json({ dense: { size: 3, distance: 'Dot' } }))
  await shard.updateVectors(json([{ id: pointId(1) }]), [dense('b', [[3, 4, 5]])])
  assert.equal(await shard.count(json({})), 4)
})

test('a batch with one bad point writes none of them', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  const good = { id: pointId(1), payload: {}, vectors: { words: { indices: [1], values: [1] } } }
  const bad: [object, RegExp][] = [
    [
      { id: pointId(2), vectors: { nowhere: [1] } },
      /vector nowhere: there is no vector of this name/,
    ],
    [{ id: pointId(2), vectors: { a: [1, 2] } }, /vector a: expected 4 dimensions, got 2/],
    [{ id: pointId(2), vectors: { words: [1, 2] } }, /vector words: expected a sparse vector/],
    [
      { id: pointId(2), vectors: { words: { indices: [1, 1], values: [1, 2] } } },
      /index occurs twice/,
    ],
    [{ id: pointId(2), vectors: { multi: [[1]] } }, /vector multi: expected 2 dimensions, got 1/],
    [{ id: pointId(2), vectors: { multi: [1, 2] } }, /vector multi: expected a multi-dense/],
    [{ id: 'no id' }, /not a valid point ID/],
    [{ id: pointId(2), payload: [] }, /points: /],
    [{ id: pointId(2), payloads: {} }, /unknown field `payloads`/],
  ]
  for (const [point, sentence] of bad) {
    await assert.rejects(
      shard.upsert(json([good, point]), []),
      failure('invalid_argument', sentence),
    )
  }
  const twoRows = dense('a', [
    [1, 2, 3, 4],
    [1, 2, 3, Number.NaN],
  ])
  const points = json([good, { id: pointId(2) }])
  await assert.rejects(shard.upsert(points, [twoRows]), failure('invalid_argument', /finite/))
  const oneRow = { ...twoRows, rows: Uint32Array.of(0) }
  await assert.rejects(
    shard.upsert(points, [oneRow]),
    failure('invalid_argument', /1 rows of size 4/),
  )
  const stray = { ...dense('a', [[1, 2, 3, 4]]), rows: Uint32Array.of(7) }
  await assert.rejects(shard.upsert(points, [stray]), failure('invalid_argument', /row 7/))
  assert.equal(await shard.count(json({})), 0)
})

test('an operation on several ids of which one is absent changes none', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  const points = [pointId(1), pointId(77)]
  const operations = [
    { set_payload: { payload: { touched: true }, points } },
    { clear_payload: { points } },
    { delete_payload: { keys: ['n'], points } },
    { delete_vectors: [{ points }, ['a']] },
  ]
  for (const operation of operations) {
    await assert.rejects(
      shard.update(json(operation)),
      failure('invalid_argument', /No point with id .*4d$/),
    )
  }
  const both = json([{ id: pointId(1) }, { id: pointId(77) }])
  const rows = [
    [9, 9, 9, 9],
    [9, 9, 9, 9],
  ]
  await assert.rejects(
    shard.updateVectors(both, [dense('a', rows)]),
    failure('invalid_argument', /No point with id/),
  )
  const [one] = parsed<Point[]>(
    await shard.retrieve(json({ ids: [pointId(1)], with_vector: ['a'] })),
  )
  assert.deepEqual([one?.payload?.['n'], one?.vector], [1, { a: [1, 0, 0, 0] }])
})

test('what the engine or the addon cannot answer is refused with its reason', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await fill(shard)
  // What a caller without types could send.
  const untyped = shard as unknown as Record<'count' | 'query', () => Promise<unknown>>
  const refused: [() => Promise<unknown>, RegExp][] = [
    [() => query(shard, { ...nearAxis, using: 'zz' }), /vector name error: zz/],
    [() => query(shard, nearAxis, [Float32Array.of(1)]), /expected dim: 4, got 1/],
    [() => query(shard, nearAxis, []), /\$vector must be an index into the 0 vectors/],
    [() => query(shard, { ...nearAxis, limit: 0 }), /limit: expected at least 1/],
    [() => query(shard, { ...nearAxis, limit: 1e9 }), /may be 1000000/],
    [() => query(shard, { ...nearAxis, filter: { mast: [] } }), /unknown field `mast`/],
    [() => query(shard, { quary: 1 }), /unknown field `quary`/],
    [() => query(shard, { query: { recommend: {} } }), /recommend .*not supported/],
    [() => query(shard, { query: { fusion: 'rrf' } }), /without prefetches/],
    [() => query(shard, { query: pointId(50), using: 'a' }), /No point with id/],
    [() => shard.facet(json({ key: 'n', limit: 3 })), /No appropriate index for faceting/],
    [() => shard.scroll(json({ limit: 3, order_by: 'n' })), /No range index/],
    [() => shard.count(Buffer.from('{')), /request: EOF/],
    [() => shard.createPayloadIndex('a b', json('integer')), /is not a payload path/],
    [
      () => shard.createPayloadIndex('n', json({ type: 'integer', lookup: false, range: false })),
      /answers nothing/,
    ],
    [() => shard.update(json({ upsert_points: { points: [] } })), /upsert\(\)/],
    [() => shard.update(json({ delete_vector_name: { vector_name: 'a' } })), /dropVectorName/],
    [() => shard.update(json({ delete_index: 'n' })), /dropPayloadIndex/],
    [() => shard.setHnsw(json({ ef_construct: 1 })), /at least 4/],
    [() => Reflect.apply(untyped.count, shard, ['text']), /expected JSON as UTF-8 in a Uint8Array/],
    [() => Reflect.apply(untyped.query, shard, [json({}), [[1, 2]]]), /vectors: /],
  ]
  for (const [call, sentence] of refused) {
    await assert.rejects(call(), failure('invalid_argument', sentence))
  }
})

test('a copy is a whole shard, made while others write, and takes no more disk than its source', async () => {
  await using scratch = await scratchShard()
  await using folder = await scratchFolder()
  const { shard } = scratch
  await fill(shard)
  const target = `${folder.path}/copy`
  const writes = Array.from({ length: 20 }, (_, n) =>
    upsertRandom(shard, 100 + n * 10, 10, { a: 4 }),
  )
  await Promise.all([shard.copyTo(target), ...writes])
  await assert.rejects(shard.copyTo(target), failure('operation', /exists already/))
  assert.equal(await shard.count(json({})), 204)
  const copy = await loadEdge().Shard.open(target)
  const count = await copy.count(json({}))
  assert.ok((count - 4) % 10 === 0, `no batch by halves: ${count}`)
  await upsertRandom(copy, 9000, 10, { a: 4 })
  assert.equal(await copy.count(json({})), count + 10)
  await copy.close()
})
