import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventAnswer } from './decision-answer.ts'
import { eventLines } from './event-lines.ts'

const step: EventAnswer = {
  event_id: '7',
  path: 'year',
  kind: 'transition',
  from: 'verifying',
  to: 'active',
  detail: {
    event: 'kept',
    reason: 'Saved 97 % of the time by 12 recorded queries. '.repeat(5).trim(),
  },
  at: '2026-11-22T10:04:05.000Z',
}

describe('eventLines()', () => {
  test('tells time, field and step on one line, and why on lines below, as wide as asked', () => {
    const [head, why = ''] = eventLines(step, 80)

    assert.match(head ?? '', /^\d\d:04:05 {2}year {2}verifying → active$/)
    const lines = why.split('\n')
    assert.ok(lines.length > 2)
    for (const line of lines) assert.ok(line.startsWith(' '.repeat(10)) && line.length <= 80, line)
  })

  test('tells the first step by the filters that led to it', () => {
    const detail = { event: 'observed', rule: 'frequency', filtered_24h: 123 }
    const [head, why] = eventLines({ ...step, from: null, to: 'observed', detail }, 80)

    assert.match(head ?? '', /year {2}observed$/)
    assert.equal(why?.trim(), 'Filtered 123 times in 24 hours.')
  })

  test('tells an exception in a sentence, and an action that it does not know by its values', () => {
    const guard = { ...step, kind: 'guard' as const, from: null, to: null }
    const exception = { action: 'exception', type: 'integer', exceptions: 1 }
    const other = { action: 'something_new', type: 'float', nested: { a: 1 } }

    assert.match(
      eventLines({ ...guard, detail: exception }, 120).join('\n'),
      /guard: exception\n +The index of type integer cannot hold the values of 1 document, which is/,
    )
    assert.match(
      eventLines({ ...guard, detail: other }, 120).join('\n'),
      /guard: something_new\n +type float$/,
    )
  })

  test('tells a step without a reason on one line', () => {
    assert.equal(eventLines({ ...step, detail: { event: 'built' } }, 80).length, 1)
  })
})
