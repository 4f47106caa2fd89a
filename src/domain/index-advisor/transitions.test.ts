import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { decisionStates, endings, openStates, unsettledStates } from './decision.ts'
import { decisionEvents, nextState, transitions } from './transitions.ts'

const ends = ['dropped', 'declined', 'reverted', 'failed', 'undone', 'taken_over']

describe('transitions', () => {
  test('every state that is no end can be left, and every state can be reached', () => {
    const reached = new Set<string>(['observed'])
    for (const state of decisionStates) {
      const next = Object.values(transitions[state]).filter((one) => one !== null)
      assert.equal(next.length === 0, ends.includes(state), state)
      for (const one of next) reached.add(one)
    }
    assert.deepEqual(reached, new Set(decisionStates))
  })

  test('from every state an end can be reached', () => {
    for (const state of decisionStates) {
      const seen = new Set([state])
      for (const one of seen)
        for (const next of Object.values(transitions[one])) if (next !== null) seen.add(next)
      assert.ok(!seen.isDisjointFrom(new Set(ends)), state)
    }
  })

  test('a field has one decision at a time in every state that is no end', () => {
    const others = decisionStates.filter((state) => !ends.includes(state))
    assert.deepEqual(new Set<string>(openStates), new Set<string>(others))
  })

  test('what a check has to settle is every open state but the one that stands', () => {
    const others = openStates.filter((state) => state !== 'active')
    assert.deepEqual(new Set<string>(unsettledStates), new Set<string>(others))
  })

  test('an index leaves the engine on the way to each ending, and a user can take over any time', () => {
    for (const ending of endings) assert.equal(transitions.retiring[ending], ending)
    for (const state of openStates) assert.equal(transitions[state].taken_over, 'taken_over')
  })

  test('what cannot happen is a mistake that is told', () => {
    assert.throws(() => nextState('declined', 'kept'), /in state declined cannot meet kept/)
  })

  test('the page in docs/internals has the same table', async () => {
    const page = await readFile(
      new URL('../../../docs/internals/index-advisor.md', import.meta.url),
      'utf8',
    )
    const told = [...page.matchAll(/^\| `(\w+)` +\| `(\w+)` +\| `(\w+)` +\|$/gm)]
    const rows = decisionStates.flatMap((state) =>
      decisionEvents.flatMap((event) => {
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
