import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPortEffect, Session } from './effects.ts'

test('a statement takes effect as it ends, but in a transaction with its COMMIT', () => {
  const session = new Session()
  const effects = (...statements: string[]) => statements.filter((one) => session.isEffect(one))

  assert.deepEqual(effects('select 1', 'update a set b = 1'), ['update a set b = 1'])
  assert.deepEqual(effects('begin', 'insert into a values (1)', 'select 1', 'commit'), ['commit'])
  assert.deepEqual(effects('begin', 'select 1', 'commit'), [])
  assert.deepEqual(effects('begin', 'delete from a', 'rollback', 'select 1'), [])
  const kept = [
    'start transaction read write',
    'delete from a',
    'rollback to savepoint s',
    'commit',
  ]
  assert.deepEqual(effects(...kept), ['commit'])
  assert.deepEqual(effects("select setval('a', 1)", 'with b as (select 1) delete from a'), [
    "select setval('a', 1)",
    'with b as (select 1) delete from a',
  ])
  assert.deepEqual(effects('with b as (select 1) select * from b', 'show all'), [])
  assert.deepEqual(effects('update namespace_leases set token = token + 1'), [])
})

test('calls of the engine and of the blob store take effect unless they only read', () => {
  const called = [
    'vectors.write',
    'vectors.scroll',
    'blobs.put',
    'blobs.has',
    'queue.add',
    'cache.get',
  ]
  assert.deepEqual(called.filter(isPortEffect), ['vectors.write', 'blobs.put'])
})
