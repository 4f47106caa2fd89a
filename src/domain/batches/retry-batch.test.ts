import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addObject,
  endBatch,
  openTiers,
  submitObject,
  textsOf,
} from '../../../test/support/tiers.ts'
import type { Ports } from '../../ports/ports.ts'
import { readFailedRows } from '../../store/ledger-reasons.ts'
import { findTask } from '../tasks/find-task.ts'
import { retryBatch } from './retry-batch.ts'

const everything = { mode: 'all', tiers: null, attemptsMax: 10 } as const

test('a batch that is given up has no row pending, says why, and goes on through all of its tiers when it is retried', async () => {
  await using tiers = await openTiers()
  const { ports, namespace, bucket } = tiers
  const objectId = await addObject(tiers, 'a dog barks at night')
  const batchId = await submitObject(tiers, objectId)

  const { batch, sums } = await endBatch(withBrokenWrites(ports), batchId)

  assert.equal(batch.status, 'FAILED')
  assert.match(batch.error ?? '', /given up after 5 failures: the engine met a bug/)
  assert.deepEqual([sums.accepted, sums.failed, sums.pending], [1, 1, 0])
  const task = await findTask(ports, namespace.organizationId, batch.taskId ?? '')
  assert.deepEqual(
    (task.additionalData['errors'] as { message: string; affected_count: number }[]).map(
      ({ message, affected_count: rows }) => [/the engine met a bug/.test(message), rows],
    ),
    [[true, 1]],
  )
  const page = { tier: null, collectionId: null, limit: 10, offset: 0 }
  assert.equal((await readFailedRows(ports.db, batchId, page)).total, 1)

  const { retried } = await retryBatch(ports, namespace, bucket, batchId, everything)
  const again = await endBatch(ports, batchId)

  assert.equal(retried, 1)
  assert.equal(again.batch.status, 'COMPLETED')
  assert.deepEqual([again.sums.accepted, again.sums.written], [5, 5])
  const texts = ['a dog barks', 'at night']
  assert.deepEqual(await textsOf(tiers, objectId), [texts, texts, texts])
})

test('a batch that is given up before its second tier was opened goes on there when it is retried', async () => {
  await using tiers = await openTiers()
  const { ports, namespace, bucket } = tiers
  const objectId = await addObject(tiers, 'a dog barks')
  const batchId = await submitObject(tiers, objectId)
  const { batch, sums } = await endBatch(withBrokenScans(ports), batchId)
  assert.deepEqual([batch.status, batch.currentTier], ['FAILED', 0])
  assert.deepEqual([sums.written, sums.failed, sums.pending], [1, 0, 0])

  const { retried, taskId } = await retryBatch(ports, namespace, bucket, batchId, everything)
  const again = await endBatch(ports, batchId)

  assert.deepEqual([retried, taskId === null], [0, false])
  assert.equal(again.batch.status, 'COMPLETED')
  assert.deepEqual(await textsOf(tiers, objectId), [
    ['a dog barks'],
    ['a dog barks'],
    ['a dog barks'],
  ])
})

function withBrokenWrites(ports: Ports): Ports {
  return withBroken(ports, 'write', '')
}

/** Opening a tier looks for what stems from the objects of the batch. */
function withBrokenScans(ports: Ports): Ports {
  return withBroken(ports, 'scroll', 'root_object_id')
}

/** An engine with a bug, for which no row is at fault, in calls that name something. */
function withBroken(ports: Ports, name: 'write' | 'scroll', named: string): Ports {
  const vectors = new Proxy(ports.vectors, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]): Promise<unknown> => {
        if (key === name && JSON.stringify(args[1]).includes(named))
          throw new Error('the engine met a bug')
        return await Reflect.apply(member, target, args)
      }
    },
  })
  return { ...ports, vectors }
}
