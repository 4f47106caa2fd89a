import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskedDetail } from './mask-values.ts'

test('a ledger entry keeps what was done and why, and hides whatever else stands in it', () => {
  const known = { action: 'exception', type: 'integer', exceptions: 3, reason: 'Saved 60 %.' }

  assert.deepEqual(maskedDetail({ ...known, value: 5.5, examples: ['secret'], deep: { a: 'b' } }), {
    ...known,
    value: '***',
    examples: '***',
    deep: '***',
  })
})
