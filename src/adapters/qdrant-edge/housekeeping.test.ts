import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Shard } from '../../../edge/index.d.ts'
import { loadEdge } from '../../../edge/load.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { Housekeeping } from './housekeeping.ts'
import { jsonBytes } from './json-bytes.ts'
import { ShardPool } from './shard-pool.ts'

describe('housekeeping of a shard', () => {
  test('flushes and optimizes by itself once writes rest', async () => {
    await using house = await openHouse(20)
    await house.write(1)

    await until(() => house.calls.includes('optimize'))

    assert.deepEqual(house.calls, ['flush', 'optimize'])
  })

  test('flushes on while writes go on, and optimizes in the end all the same', async () => {
    await using house = await openHouse(20)
    let n = 0

    await until(async () => {
      await house.write((n += 1))
      return house.calls.includes('optimize')
    })

    const flushes = house.calls.indexOf('optimize')
    assert.ok(flushes > 1, `${flushes} flushes came before the optimize`)
    assert.ok(flushes <= 14, `${flushes} flushes came before the optimize`)
  })

  test('runs one optimize at a time, whoever asks', async () => {
    await using house = await openHouse(60_000)
    await house.write(1)

    await Promise.all([1, 2, 3].map(() => house.housekeeping.optimize('one')))

    assert.equal(house.optimizingMax, 1)
  })

  test('starts nothing after stop()', async () => {
    await using house = await openHouse(10)
    await house.write(1)

    house.housekeeping.stop()
    await delay(50)

    assert.deepEqual(house.calls, [])
    assert.equal(await house.housekeeping.optimize('one'), false)
  })
})

/** A real shard whose flushes and optimizes are written down. */
async function openHouse(flushIntervalMs: number) {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-house-'))
  const path = join(folder, 'shard')
  const config = jsonBytes({ vectors: { a: { size: 1, distance: 'Dot' } }, sparse_vectors: {} })
  const shard = await loadEdge().Shard.create(path, config)
  const calls: string[] = []
  const state = { optimizing: 0, optimizingMax: 0 }
  const noted = new Proxy(shard, {
    get(target, name: keyof Shard) {
      if (name === 'flush') {
        return () => {
          calls.push('flush')
          return target.flush()
        }
      }
      if (name === 'optimize') {
        return async () => {
          calls.push('optimize')
          state.optimizing += 1
          state.optimizingMax = Math.max(state.optimizingMax, state.optimizing)
          await delay(5)
          state.optimizing -= 1
          return target.optimize()
        }
      }
      const member = target[name]
      // `then`, which every await asks for, is none.
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  const pool = new ShardPool({
    openMax: 1,
    idleMs: 60_000,
    open: async () => noted,
    close: async (_, open) => open.close(),
  })
  const housekeeping = new Housekeeping(pool, {
    flushIntervalMs,
    beforeFlush: () => Promise.resolve(),
    beforeOptimize: () => Promise.resolve(),
    onFault: () => undefined,
    log: silentLogger,
  })
  return {
    housekeeping,
    calls,
    get optimizingMax() {
      return state.optimizingMax
    },
    write: async (id: number) => {
      const block = { name: 'a', size: 1, rows: Uint32Array.of(0), values: Float32Array.of(id) }
      await pool.use('one', (open) => open.upsert(jsonBytes([{ id, payload: {} }]), [block]))
      housekeeping.touched('one')
    },
    [Symbol.asyncDispose]: async () => {
      housekeeping.stop()
      await housekeeping.idle()
      await pool.closeAll(() => false)
      await rm(folder, { recursive: true, force: true, maxRetries: 20 })
    },
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('it did not come to that within 10 s')
    await delay(2)
  }
}
