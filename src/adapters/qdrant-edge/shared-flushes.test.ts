import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedFlushes } from './shared-flushes.ts'

/** Writes of a shard, and what of them a flush has made safe: what was there when it began. */
function openWrites() {
  const state = { written: 0, safe: 0, flushes: 0, atOnce: 0, fails: false }
  const flushes = new SharedFlushes(async () => {
    const upTo = state.written
    state.flushes += 1
    state.atOnce += 1
    assert.equal(state.atOnce, 1, 'two flushes of one shard at once')
    await delay(5)
    state.atOnce -= 1
    if (state.fails) throw new Error('the disk is full')
    state.safe = Math.max(state.safe, upTo)
  })
  const write = async () => {
    const mine = (state.written += 1)
    await flushes.flush('one')
    assert.ok(state.safe >= mine, `write ${mine} was not safe`)
  }
  return { state, flushes, write }
}

describe('flushes of many who ask at once', () => {
  test('are few, and each covers what its asker wrote before', async () => {
    const { state, write } = openWrites()

    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await delay(i / 10)
        await write()
      }),
    )

    assert.ok(state.flushes <= 6, `${state.flushes} flushes`)
    assert.equal(state.safe, 100)
  })

  test('one after the other are each a flush of its own', async () => {
    const { state, write } = openWrites()

    for (let i = 0; i < 3; i++) await write()

    assert.equal(state.flushes, 3)
  })

  test('fail for all who share them, and for nobody after that', async () => {
    const { state, flushes, write } = openWrites()
    state.fails = true

    const ends = await Promise.allSettled([1, 2, 3].map(() => flushes.flush('one')))
    state.fails = false
    await write()

    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
    assert.equal(state.safe, state.written)
  })

  test('of different shards do not wait for each other', async () => {
    const running: string[] = []
    const flushes = new SharedFlushes(async (name) => {
      running.push(name)
      await delay(5)
    })

    const both = Promise.all([flushes.flush('one'), flushes.flush('two')])

    assert.deepEqual(running, ['one', 'two'])
    await both
  })
})
