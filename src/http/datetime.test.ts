import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datetime } from './datetime.ts'

test('datetime takes what clients send: RFC 3339, naive times as UTC, bare dates, unix seconds', () => {
  const time = (given: unknown) => datetime.parse(given).toISOString()

  assert.equal(time('2026-01-31T10:30:00Z'), '2026-01-31T10:30:00.000Z')
  assert.equal(time('2026-01-31T10:30:00.123456+02:00'), '2026-01-31T08:30:00.123Z')
  assert.equal(time('2026-01-31T10:30:00'), '2026-01-31T10:30:00.000Z')
  assert.equal(time('2026-01-31 10:30'), '2026-01-31T10:30:00.000Z')
  assert.equal(time('2026-01-31'), '2026-01-31T00:00:00.000Z')
  assert.equal(time(1_769_855_400), '2026-01-31T10:30:00.000Z')
})

test('datetime refuses what is no time', () => {
  for (const given of [
    '',
    'now',
    '2026-02-31',
    '2026-13-01',
    '31.1.2026',
    '2026-01-31T25:00:00Z',
    null,
    {},
  ]) {
    assert.equal(datetime.safeParse(given).success, false, JSON.stringify(given))
  }
})
