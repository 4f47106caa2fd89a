import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { eventIds } from './event-ids.ts'

const key = randomBytes(32)
const films = eventIds(key, { id: 'ns_films' })
const others = eventIds(key, { id: 'ns_others' })

test('an id leads back to its number, in its own namespace only', () => {
  for (const number of ['1', '2', '9007199254740993']) {
    assert.equal(films.numberOf(films.idOf(number)), number)
    assert.equal(others.numberOf(films.idOf(number)), null)
  }
  for (const wrong of ['', '7', 'evt_', `evt_${'0'.repeat(32)}`, `evt_${'g'.repeat(32)}`])
    assert.equal(films.numberOf(wrong), null)
})

test('ids of numbers that follow each other, or of another namespace, have nothing in common', () => {
  const halves = ['1', '2', '3'].flatMap((number) =>
    [films, others].flatMap((ids) => {
      const id = ids.idOf(number)
      return [id.slice(4, 20), id.slice(20)]
    }),
  )

  assert.equal(new Set(halves).size, halves.length)
})
