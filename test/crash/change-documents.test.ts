import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Collection } from '../../src/domain/collections/collection.ts'
import { findCollection } from '../../src/domain/collections/find-collection.ts'
import {
  changeMatchingDocuments,
  deleteDocumentBatch,
  deleteMatchingDocuments,
} from '../../src/domain/documents/change-documents.ts'
import { changeFields } from '../../src/domain/documents/change-fields.ts'
import { createDocument } from '../../src/domain/documents/create-document.ts'
import { documentIdOf, type DocumentRecord } from '../../src/domain/documents/document.ts'
import { importDocuments } from '../../src/domain/documents/import-documents.ts'
import { countDocuments, scanDocuments } from '../../src/domain/documents/read.ts'
import { isFailure } from '../../src/domain/failure.ts'
import { evaluateFilter } from '../../src/domain/filters/evaluate-filter.ts'
import type { Filter } from '../../src/domain/filters/filter.ts'
import { collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { fillGeneration } from '../../src/domain/reconfiguration/fill-generation.ts'
import { reconfigure } from '../../src/domain/reconfiguration/reconfigure.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readBusyReconfiguration } from '../../src/store/reconfigurations.ts'
import { everyCrash, isSoak } from '../support/crash.ts'
import { openFilmNamespace } from '../support/film-namespace.ts'
import { currently } from '../support/hot-namespace.ts'
import { openTestPorts } from '../support/ports.ts'
import { leafOf } from '../support/written-namespace.ts'

/** What each world changes, and what is deleted of it. */
interface Films {
  namespace: Namespace
  collection: Collection
  /** The mark of this world's documents. */
  reel: number
  changed: string
  deleted: string
}

/** Deaths that there are documents for. */
const worldsMax = isSoak ? 1_000 : 60

test('documents are whole and stay deleted, in the generation before, the live one and the one to come, wherever a change crashed', async () => {
  await using ports = await openTestPorts()
  const { namespace: before, ...films } = await openFilmNamespace(ports, {
    extracted: 1,
    byHand: 2 * worldsMax,
  })
  await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
  const request = { confirm: true, dryRun: false, strategy: 'recreate' } as const
  await reconfigure(ports, before, { ...request, isReprocess: false })
  await films.deploy('another', [{ name: 'tone', dimensions: 3 }])
  await reconfigure(ports, await currently(ports, before.id), { ...request, isReprocess: true })
  const namespace = await currently(ports, before.id)
  const collection = await findCollection(ports, namespace, films.collectionId)
  let reel = 0
  const open = async () => {
    const [changed = '', deleted = ''] = films.byHand.slice(2 * reel, 2 * reel + 2)
    const state: Films = { namespace, collection, reel, changed, deleted }
    const fields = { reel, year: 1900 }
    await changeFields(ports, namespace, [changed, deleted], { kind: 'patch', fields })
    await ports.leases.exclusive(namespace.id, 'making a world', async () => {})
    reel += 1
    return { ports, state }
  }

  const points = await everyCrash(open, changeAll, async (second, state) => {
    await readsRight(second, state)
    await staysDeleted(second, before, state)

    await changeAll(second, state)

    const live = await documentsOf(second, namespace, leafOf('reel', 'eq', state.reel))
    assert.deepEqual(live.map(({ payload }) => String(payload?.['title'])).toSorted(), [
      'imported',
      'made',
      'patched',
    ])
    assert.ok(live.every(({ payload }) => payload?.['seen'] === true))
    await readsRight(second, state)
    await staysDeleted(second, before, state)
  })

  assert.ok(points > 20, `${points} crash points`)
  const everything = await documentsOf(ports, namespace, null)
  await fill(ports, namespace.id)
  const coming = await currently(ports, namespace.id)
  assert.equal(coming.generation, namespace.generation + 1)
  const filled = await documentsOf(ports, coming, null)
  // The extracted one was made again.
  assert.deepEqual(byHandOf(filled), byHandOf(everything))
})

/** Each kind of change once. What an earlier try has done is done already. */
async function changeAll(ports: Ports, films: Films): Promise<void> {
  const { namespace, collection, reel, changed, deleted } = films
  const made = { document_id: `made ${reel}`, title: 'made', reel, year: 2.5 }
  await createDocument(ports, namespace, collection, made).catch((error: unknown) => {
    if (!isFailure(error, 'already_exists')) throw error
  })
  const fields = { title: 'patched', year: 1899.5 }
  await changeFields(ports, namespace, [changed], { kind: 'patch', fields })
  const lines = [
    { document_id: `imported ${reel}`, title: 'imported', reel, year: 'unknown' },
    { document_id: `outtake ${reel}`, title: 'outtake', reel, year: 3 },
  ]
  await importDocuments(ports, namespace, collection, bodyOf(lines), JSON.parse)
  const ofReel = leafOf('reel', 'eq', reel)
  await changeMatchingDocuments(ports, namespace, collection, ofReel, { seen: true })
  await deleteDocumentBatch(ports, namespace, collection, [documentIdOf(deleted)])
  const outtakes: Filter = { kind: 'and', filters: [ofReel, leafOf('title', 'eq', 'outtake')] }
  await deleteMatchingDocuments(ports, namespace, collection, outtakes)
}

/** The index on `year` is of whole numbers: what it cannot hold must be told before it is written. */
async function readsRight(ports: Ports, { namespace, reel }: Films): Promise<void> {
  const there = await documentsOf(ports, namespace, leafOf('reel', 'eq', reel))
  for (const old of [leafOf('year', 'lt', 1900), leafOf('year', 'eq', 'unknown')]) {
    const filter: Filter = { kind: 'and', filters: [leafOf('reel', 'eq', reel), old] }
    const count = await countDocuments(ports, namespace, { collectionIds: null }, filter)
    assert.equal(count, there.filter(({ payload }) => evaluateFilter(old, payload ?? {})).length)
  }
}

/** An undo of the reconfigure must not bring back what is gone. */
async function staysDeleted(
  { vectors }: Ports,
  before: Namespace,
  { namespace, changed, deleted }: Films,
): Promise<void> {
  const request = { ids: [changed, deleted] }
  const earlier = await vectors.retrieve(collectionOf(before), request)
  const live = await vectors.retrieve(collectionOf(namespace), request)
  const isIn = (points: { id: unknown }[], id: string) => points.some((point) => point.id === id)
  assert.ok(isIn(live, changed) && isIn(earlier, changed))
  if (isIn(earlier, deleted)) assert.ok(isIn(live, deleted), 'deleted only in the live generation')
}

async function documentsOf(
  ports: Ports,
  namespace: Namespace,
  filter: Filter | null,
): Promise<DocumentRecord[]> {
  const documents: DocumentRecord[] = []
  const scan = { filter, select: null, withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan))
    documents.push(...page)
  return documents
}

/** Payloads in the order of their ids; the stamps tell when each generation was written. */
function byHandOf(documents: readonly DocumentRecord[]): unknown[] {
  const told = documents.flatMap(({ pointId, payload }) => {
    const { _internal: internal, ...fields } = payload ?? {}
    const { origin } = internal as { origin: string }
    return origin === 'extracted' ? [] : { pointId, fields }
  })
  return told.toSorted((a, b) => (a.pointId < b.pointId ? -1 : 1))
}

async function* bodyOf(lines: readonly object[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))
}

async function fill(ports: Ports, namespaceId: string): Promise<void> {
  for (;;) {
    const busy = await readBusyReconfiguration(ports.db, namespaceId)
    if (busy?.state !== 'filling') return
    await fillGeneration(ports, busy.id, new AbortController().signal)
  }
}
