import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import type { Shard } from './index.d.ts'
import { loadEdge } from './load.ts'
import { json, parsed, pointId, scratchFolder, upsertRandom } from './scratch-shard.ts'

// Each writer is a process that ends by SIGKILL; what it acknowledged must be there afterwards, and the shard
// must open, answer, optimize and open again. The pairs are those that lost shards before the addon's locks.

const points = 6000
let folder: Awaited<ReturnType<typeof scratchFolder>>

before(async () => {
  folder = await scratchFolder()
  const config = {
    vectors: { a: { size: 32, distance: 'Cosine' } },
    optimizers: { indexing_threshold: 50 },
  }
  const shard = await loadEdge().Shard.create(join(folder.path, 'base'), json(config))
  for (let from = 0; from < points; from += 1000) await upsertRandom(shard, from, 1000, { a: 32 })
  await shard.optimize()
  await shard.close()
})
after(() => folder[Symbol.asyncDispose]())

async function copyOfBase(name: string): Promise<string> {
  const path = join(folder.path, name.replaceAll(/\W+/g, '-'))
  await cp(join(folder.path, 'base'), path, { recursive: true })
  return path
}

/** Runs the scenario until it is ready, or for `lifeMs`; answers the number of points acknowledged. */
async function killed(
  scenario: string,
  path: string,
  from: number,
  lifeMs: number,
): Promise<number> {
  const writer = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crash-writer.ts'), scenario, path, String(from)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const timer = setTimeout(() => writer.kill('SIGKILL'), lifeMs)
  let acknowledged = from
  for await (const line of createInterface(writer.stdout)) {
    const [fact, value] = line.split(' ')
    if (fact === 'ready') writer.kill('SIGKILL')
    else acknowledged = Number(value)
  }
  clearTimeout(timer)
  if (writer.signalCode === null) await once(writer, 'exit')
  assert.equal(writer.signalCode, 'SIGKILL')
  return acknowledged
}

/** Opens what the kill left, and holds it to everything that was acknowledged; answers all points found. */
async function assertWhole(path: string, acknowledged: number): Promise<number> {
  const shard = await loadEdge().Shard.open(path)
  const count = await shard.count(json({}))
  assert.ok(count >= acknowledged, `${acknowledged} points acknowledged, ${count} found`)
  await assertPoint(shard, 0)
  await assertPoint(shard, acknowledged - 1)
  const filter = { must: [{ key: 'n', range: { gte: 0 } }] }
  assert.equal(await shard.count(json({ filter })), count)
  await shard.optimize()
  assert.equal(await shard.count(json({})), count)
  await shard.close()
  const again = await loadEdge().Shard.open(path)
  assert.equal(await again.count(json({})), count)
  await again.close()
  return count
}

async function assertPoint(shard: Shard, n: number): Promise<void> {
  const request = { ids: [pointId(n)], with_vector: ['a'] }
  const [point] = parsed<{ payload: { n: number }; vector: { a: number[] } }[]>(
    await shard.retrieve(json(request)),
  )
  assert.equal(point?.payload.n, n)
  assert.equal(point.vector.a.length, 32)
}

const minute = 60_000

test('nothing acknowledged is lost by SIGKILL under writes, flushes and optimizes', async () => {
  const path = await copyOfBase('endless')
  let found = points
  for (const lifeMs of [600, 1200, 900]) {
    const scenario = 'writes without end, with flushes and optimizes'
    found = await assertWhole(path, await killed(scenario, path, found, lifeMs))
  }
  assert.ok(found > points)
})

const pairs = [
  'a vector name waits for a running optimize',
  'a dropped vector name waits for a running optimize',
  'an optimize runs with a new vector name',
  'an optimize runs after a vector name is dropped',
  'a payload index is made while an optimize runs',
  'a vector name is made and nothing more',
  'points name a vector that is dropped',
  'a vector name comes back with another size',
]
for (const scenario of pairs) {
  test(`SIGKILL leaves a whole shard: ${scenario}`, async () => {
    const path = await copyOfBase(scenario)
    await assertWhole(path, await killed(scenario, path, points, minute))
  })
}
