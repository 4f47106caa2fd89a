import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadEdge } from './load.ts'
import { failure, json, pointId, scratchShard, upsertRandom } from './scratch-shard.ts'

// A process of its own (one a test file), so that these limits hold for nobody else.
const limits = { concurrencyMax: 2, queueMax: 6, searchThreads: 1 }
const { Shard, configure } = loadEdge()
configure(limits)

test('the limits are set once; the same again is no fault', () => {
  configure({ ...limits })
  assert.throws(() => configure({ ...limits, queueMax: 7 }), failure('invalid_argument', /once/))
  assert.throws(
    () => configure({ ...limits, concurrencyMax: 0 }),
    failure('invalid_argument', /at least 1/),
  )
})

test('calls beyond those that run and wait are busy at once, and later calls are not', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await upsertRandom(shard, 0, 5000, { a: 4 })
  const filter = { must: [{ key: 'n', range: { gte: 1 } }] }
  const calls = Array.from({ length: 40 }, () => shard.count(json({ filter })))
  const settled = await Promise.allSettled(calls)
  const busy = settled.filter(
    (call) => call.status === 'rejected' && failure('busy', /8 calls/)(call.reason),
  )
  const answered = settled.filter((call) => call.status === 'fulfilled' && call.value === 4999)
  assert.equal(busy.length + answered.length, 40)
  assert.ok(answered.length >= 8, `${answered.length} answered`)
  assert.ok(busy.length > 0)
  assert.equal(await shard.count(json({ filter })), 4999)
})

test('close waits for the calls under way and refuses those after it', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  const before = [upsertRandom(shard, 0, 1000, { a: 4 }), shard.count(json({}))]
  const closing = shard.close()
  const after = shard.count(json({}))
  await Promise.all([...before, assert.rejects(after, failure('closed', /closed/))])
  await closing
  await shard.close()
  const closed = failure('closed', /closed/)
  await assert.rejects(shard.upsert(json([{ id: pointId(1) }]), []), closed)
  await assert.rejects(shard.query(json({}), []), closed)
  await assert.rejects(shard.optimize(), closed)
  await assert.rejects(shard.flush(), closed)
  const reopened = await Shard.open(scratch.path)
  assert.equal(await reopened.count(json({})), 1000)
  await reopened.close()
})

test('a folder is open once at a time, and a folder without a shard not at all', async () => {
  await using scratch = await scratchShard()
  const path = scratch.path
  await assert.rejects(Shard.open(path), failure('operation', /open already/))
  await assert.rejects(
    Shard.create(path, json({ vectors: {} })),
    failure('operation', /open already/),
  )
  await scratch.shard.close()
  const again = await Shard.open(path)
  await again.close()
  const exists = failure('operation', /already contains/)
  await assert.rejects(Shard.create(path, json({ vectors: {} })), exists)
  await assert.rejects(Shard.open(`${path}/nowhere`), failure('operation', /no shard/))
  const unknown = failure('invalid_argument', /unknown field wal_enabled/)
  await assert.rejects(Shard.create(`${path}-new`, json({ wal_enabled: false })), unknown)
})

test('optimizes come one after the other, and reads are answered meanwhile', async () => {
  await using scratch = await scratchShard()
  const { shard } = scratch
  await shard.setHnsw(json({ m: 8, ef_construct: 40 }))
  await shard.createVectorName('wide', json({ dense: { size: 256, distance: 'Dot' } }))
  await upsertRandom(shard, 0, 11_000, { wide: 256 })
  let running = true
  const optimized = Promise.all([shard.optimize(), shard.optimize()]).finally(() => {
    running = false
  })
  let answered = 0
  while (running) {
    assert.equal(await shard.count(json({ filter: { must: [{ has_id: [pointId(7)] }] } })), 1)
    answered += 1
  }
  // Whichever came first had the work.
  assert.equal((await optimized).filter(Boolean).length, 1)
  assert.ok(answered > 10, `${answered} reads while optimizing`)
})
