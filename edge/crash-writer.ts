import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Shard } from './index.d.ts'
import { loadEdge } from './load.ts'
import { json, pointId, upsertRandom } from './scratch-shard.ts'

// Run by crash.test.ts as a process of its own: `node crash-writer.ts <scenario> <folder> <first point>`.
// It says on stdout what is acknowledged, one line each, and lives until somebody kills it.

const [scenario = '', folder = '', from = '0'] = process.argv.slice(2)
const shard = await loadEdge().Shard.open(folder)
let next = Number(from)

/** By writeSync: what is said must be out before the next call, for the process dies without a warning. */
function say(fact: 'acknowledged' | 'ready', value: number | string): void {
  writeSync(1, `${fact} ${value}\n`)
}

async function upsert(count: number, sizes: Record<string, number>): Promise<void> {
  await upsertRandom(shard, next, count, sizes)
  next += count
  say('acknowledged', next)
}

const createB = (size: number) =>
  shard.createVectorName('b', json({ dense: { size, distance: 'Dot' } }))

/** Starts an HNSW build that outlives the scenario, and returns when it runs. */
async function startOptimize(): Promise<void> {
  await shard.setHnsw(json({ m: 48, ef_construct: 800 }))
  void shard.optimize()
  await setTimeout(400)
}

const scenarios: Record<string, (engine: Shard) => Promise<void>> = {
  async 'writes without end, with flushes and optimizes'() {
    for (let round = 1; ; round += 1) {
      await upsert(20, { a: 32 })
      if (round % 20 === 0) await shard.flush()
      if (round % 50 === 0) void shard.optimize()
      await setTimeout(3)
    }
  },
  async 'a vector name waits for a running optimize'() {
    await startOptimize()
    void createB(8)
    await upsert(20, { a: 32 })
  },
  async 'a dropped vector name waits for a running optimize'() {
    await createB(8)
    await upsert(20, { a: 32, b: 8 })
    await startOptimize()
    void shard.dropVectorName('b')
    await upsert(20, { a: 32 })
  },
  async 'an optimize runs with a new vector name'() {
    await createB(8)
    await upsert(20, { a: 32, b: 8 })
    await startOptimize()
    await upsert(20, { a: 32, b: 8 })
    await shard.flush()
    await upsert(20, { a: 32, b: 8 })
  },
  async 'an optimize runs after a vector name is dropped'() {
    await createB(8)
    await upsert(20, { a: 32, b: 8 })
    await shard.dropVectorName('b')
    await startOptimize()
    await upsert(20, { a: 32 })
  },
  async 'a payload index is made while an optimize runs'() {
    await startOptimize()
    await upsert(20, { a: 32 })
    await shard.createPayloadIndex('n', json('integer'))
    await upsert(20, { a: 32 })
  },
  async 'a vector name is made and nothing more'() {
    await createB(8)
  },
  async 'points name a vector that is dropped'() {
    await createB(8)
    await upsert(50, { a: 32, b: 8 })
    await shard.dropVectorName('b')
  },
  async 'a vector name comes back with another size'() {
    await createB(8)
    await upsert(50, { a: 32, b: 8 })
    await shard.dropVectorName('b')
    await createB(3)
    await upsert(50, { a: 32, b: 3 })
    await shard.update(
      json({ set_payload: { payload: { kept: true }, points: [pointId(next - 1)] } }),
    )
  },
}

await scenarios[scenario]?.(shard)
say('ready', scenario)
setInterval(() => {}, 1000)
