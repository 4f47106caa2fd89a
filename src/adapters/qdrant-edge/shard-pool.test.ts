import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Shard } from '../../../edge/index.d.ts'
import { ShardPool } from './shard-pool.ts'

describe('the pool of open shards', () => {
  test('opens a shard once, for all who come at the same time', async () => {
    const { pool, events } = watched(4)

    await Promise.all([1, 2, 3].map(() => pool.use('a', async () => {})))

    assert.deepEqual(events, ['open a'])
  })

  test('closes the one longest unused when another needs the place', async () => {
    const { pool, events } = watched(2)
    await pool.use('a', async () => {})
    await delay(2)
    await pool.use('b', async () => {})
    await delay(2)
    await pool.use('a', async () => {})

    await pool.use('c', async () => {})

    assert.deepEqual(events, ['open a', 'open b', 'close b', 'open c'])
  })

  test('never closes a shard under a user, and never opens more than it may', async () => {
    const { pool, events, openMax } = watched(2)
    let used = 0

    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        pool.use(`s${n % 7}`, async (shard) => {
          assert.ok(isOpen(shard))
          await delay(n % 3)
          assert.ok(isOpen(shard))
          used += 1
        }),
      ),
    )

    assert.equal(used, 200)
    assert.equal(openMax(), 2)
    assert.ok(events.length > 7)
  })

  test('a shard that cannot be opened is told to each who asks, and takes no place', async () => {
    const { pool } = watched(1)

    const asks = [1, 2, 3].map(() => pool.use('broken', async () => {}))

    for (const ask of asks) await assert.rejects(ask, /cannot be opened/)
    await pool.use('a', async () => {})
  })

  test('a failed use leaves its place free', async () => {
    const { pool } = watched(1)

    await assert.rejects(
      pool.use('a', () => Promise.reject(new Error('used badly'))),
      /used badly/,
    )

    await pool.use('b', async () => {})
  })

  test('closes what was long unused, and opens it again when asked', async () => {
    const { pool, events } = watched(2, 5)
    await pool.use('a', async () => {})

    await delay(50)
    await pool.use('a', async () => {})

    assert.deepEqual(events, ['open a', 'close a', 'open a'])
  })

  test('close() waits for the users', async () => {
    const { pool, events } = watched(2)
    const begun = Promise.withResolvers<void>()
    const using = pool.use('a', async () => {
      begun.resolve()
      await delay(5)
      events.push('used a')
    })
    await begun.promise

    await pool.close('a')

    await using
    assert.deepEqual(events, ['open a', 'used a', 'close a'])
  })
})

const open = new WeakSet<object>()

function isOpen(shard: object): boolean {
  return open.has(shard)
}

/** A pool over things that only know whether they are open: its rules are about nothing else. */
function watched(max: number, idleMs = 60_000) {
  const events: string[] = []
  let openNow = 0
  let most = 0
  const pool = new ShardPool({
    openMax: max,
    idleMs,
    open: async (name) => {
      await delay(1)
      if (name === 'broken') throw new Error('it cannot be opened')
      events.push(`open ${name}`)
      openNow += 1
      most = Math.max(most, openNow)
      const shard = {}
      open.add(shard)
      return shard as Shard
    },
    close: async (name, shard) => {
      open.delete(shard)
      await delay(1)
      openNow -= 1
      events.push(`close ${name}`)
    },
  })
  return { pool, events, openMax: () => most }
}
