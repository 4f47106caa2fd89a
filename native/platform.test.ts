import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentPlatform, olderThan, runsHere } from './platform.ts'

test('versions are compared by number', () => {
  assert.ok(olderThan('1.9', '1.97'))
  assert.ok(olderThan('2.9', '2.34'))
  assert.ok(!olderThan('2.34', '2.34'))
  assert.ok(!olderThan('10.0', '9.9'))
})

test('a binary that names no C library runs on each of its system and processor', () => {
  const [system = '', processor = ''] = currentPlatform().split('-')

  assert.ok(runsHere(currentPlatform()))
  assert.ok(runsHere(`${system}-${processor}`))
  assert.ok(!runsHere(`${system}-sparc`))
})
