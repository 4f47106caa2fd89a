import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addObject,
  changeObject,
  endBatch,
  openTiers,
  processObject,
  textsOf,
} from '../../../test/support/tiers.ts'
import { readObjects } from '../../store/objects.ts'
import { findCollection } from '../collections/find-collection.ts'
import { deleteObjects } from '../objects/delete-objects.ts'
import { triggerCollection } from './trigger-collection.ts'

test('a run removes the documents that it no longer makes, and what other collections made of them', async () => {
  await using tiers = await openTiers()
  const objectId = await addObject(tiers, 'a dog barks at night when alone')
  await processObject(tiers, objectId)
  const longer = ['a dog barks', 'at night when', 'alone'].toSorted()
  assert.deepEqual(await textsOf(tiers, objectId), [longer, longer, longer])

  await changeObject(tiers, objectId, { content: 'a dog sleeps' })
  const { sums } = await processObject(tiers, objectId)

  const shorter = ['a dog sleeps']
  assert.deepEqual(await textsOf(tiers, objectId), [shorter, shorter, shorter])
  assert.deepEqual([sums.accepted, sums.written, sums.documents], [3, 3, 3])
})

test('a source that its collection no longer takes has no documents there; one that the trigger leaves out keeps them', async () => {
  const filter = { field: 'kind', operator: 'eq', value: 'text' }
  await using tiers = await openTiers({ source_filters: { filters: filter } })
  const objectId = await addObject(tiers, 'a dog barks')
  const other = await addObject(tiers, 'one two three')
  for (const id of [objectId, other]) await processObject(tiers, id)
  const collection = await findCollection(tiers.ports, tiers.namespace, 'words')
  const triggered = await triggerCollection(tiers.ports, tiers.namespace, collection, {
    includeBuckets: null,
    includeCollections: null,
    sourceFilters: { field: 'content', operator: 'eq', value: 'one two three' },
  })
  await endBatch(tiers.ports, triggered.batch.id)
  const kept = ['a dog barks']
  assert.deepEqual(await textsOf(tiers, objectId), [kept, kept, kept])

  await changeObject(tiers, objectId, { kind: 'note' })
  const { batch, sums } = await processObject(tiers, objectId)

  assert.equal(batch.status, 'COMPLETED')
  assert.deepEqual([sums.accepted, sums.skipped], [1, 1])
  assert.deepEqual(await textsOf(tiers, objectId), [[], [], []])
  const three = ['one two three']
  assert.deepEqual(await textsOf(tiers, other), [three, three, three])
  const [object] = await readObjects(tiers.ports.db, tiers.namespace.id, null, [objectId])
  assert.deepEqual([object?.status, object?.error], ['SKIPPED', null])
})

test('an object that is deleted and made again under its unique key has only the documents of its newer content', async () => {
  await using tiers = await openTiers({
    unique_key: { fields: ['kind'], default_policy: 'insert' },
  })
  const before = await addObject(tiers, 'a dog barks at night')
  await processObject(tiers, before)
  await deleteObjects(tiers.ports, [before])
  const longer = ['a dog barks', 'at night']
  assert.deepEqual(await textsOf(tiers, before), [longer, longer, longer])

  const again = await addObject(tiers, 'a dog sleeps')
  await processObject(tiers, again)

  const shorter = ['a dog sleeps']
  assert.notEqual(again, before)
  assert.deepEqual(await textsOf(tiers, again), [shorter, shorter, shorter])
  assert.deepEqual(await textsOf(tiers, before), [[], [], []])
})
