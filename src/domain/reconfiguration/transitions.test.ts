import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { busyStates, reconfigurationStates, unsettledStates } from './reconfiguration.ts'
import { nextState, reconfigurationEvents, transitions } from './transitions.ts'

const ends = ['done', 'erased', 'undone', 'cancelled']

describe('transitions', () => {
  test('every state that is no end can be left, and every state can be reached', () => {
    const reached = new Set<string>(['waiting_for_engine', 'building'])
    for (const state of reconfigurationStates) {
      const next = Object.values(transitions[state]).filter((one) => one !== null)
      assert.equal(next.length === 0, ends.includes(state), state)
      for (const one of next) reached.add(one)
    }
    assert.deepEqual(reached, new Set(reconfigurationStates))
  })

  test('from every state an end can be reached', () => {
    for (const state of reconfigurationStates) {
      const seen = new Set([state])
      for (const one of seen)
        for (const next of Object.values(transitions[one])) if (next !== null) seen.add(next)
      assert.ok(!seen.isDisjointFrom(new Set(ends)), state)
    }
  })

  test('what a start has to settle is every state but the ends and what stands until its time is up', () => {
    const standing = new Set([...ends, 'retained'])
    const others = reconfigurationStates.filter((state) => !standing.has(state))
    assert.deepEqual(new Set<string>(unsettledStates), new Set<string>(others))
    assert.ok(busyStates.every((state) => unsettledStates.includes(state)))
  })

  test('what cannot happen is a mistake that is told', () => {
    assert.throws(() => nextState('done', 'undo_begun'), /in state done cannot meet undo_begun/)
  })

  test('the page in docs/internals has the same table', async () => {
    const page = await readFile(
      new URL('../../../docs/internals/reconfigure.md', import.meta.url),
      'utf8',
    )
    const told = [...page.matchAll(/^\| `(\w+)` +\| `(\w+)` +\| `(\w+)` +\|$/gm)]
    const rows = reconfigurationStates.flatMap((state) =>
      reconfigurationEvents.flatMap((event) => {
        const next = transitions[state][event]
        return next === null ? [] : [[state, event, next]]
      }),
    )
    assert.deepEqual(
      new Set(told.map(([, ...row]) => row.join(' '))),
      new Set(rows.map((row) => row.join(' '))),
    )
  })
})
