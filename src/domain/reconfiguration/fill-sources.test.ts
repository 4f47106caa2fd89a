import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFilmNamespace } from '../../../test/support/film-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { findCollection } from '../collections/find-collection.ts'
import { createDocument } from '../documents/create-document.ts'
import { documentIdOf } from '../documents/document.ts'
import { nextSources } from './fill-sources.ts'

test('an upstream document is named as the lineage of what was made of it does, whatever its client calls it', async () => {
  await using ports = await openTestPorts()
  const { namespace, collectionId } = await openFilmNamespace(ports, { extracted: 0, byHand: 1 })
  const upstream = await findCollection(ports, namespace, collectionId)
  const request = { document_id: 'in my own words', year: 1 }
  const { pointId } = await createDocument(ports, namespace, upstream, request)
  const source = { type: 'collection' as const, collection_ids: [collectionId] }

  const { sourceIds, after } = await nextSources(ports, namespace, { ...upstream, source }, null, 9)

  assert.equal(sourceIds.length, 2)
  assert.ok(sourceIds.includes(documentIdOf(pointId)), sourceIds.join(', '))
  assert.equal(after, null)
})
