import type { Ports } from '../../ports/ports.ts'
import { readBatchObjects } from '../../store/batches.ts'
import { openLedgerFor } from '../../store/ingest-ledger.ts'
import type { Collection } from '../collections/collection.ts'
import { scanDocuments } from '../documents/read.ts'
import type { Filter } from '../filters/filter.ts'
import type { BatchRun } from './batch-run.ts'

/** Objects whose documents are looked for with one filter. */
const objectsPerScan = 500

/**
 * Ledger rows of a tier that reads collections: one a document of its sources. Of a batch of objects, the documents
 * that stem from them; of a triggered collection, all. Safe to run again: rows that are there stay.
 */
export async function openTier(ports: Ports, run: BatchRun, tier: number): Promise<void> {
  for (const id of run.batch.tiers[tier] ?? []) {
    const collection = run.collections.get(id)
    if (collection?.source.type === 'collection') await openRows(ports, run, tier, collection)
  }
}

async function openRows(
  ports: Ports,
  run: BatchRun,
  tier: number,
  collection: Collection,
): Promise<void> {
  if (run.batch.type === 'COLLECTION') {
    await scanRows(ports, run, tier, collection, null)
    return
  }
  let after = -1
  for (;;) {
    const objects = await readBatchObjects(ports.db, run.batch.id, { after, limit: objectsPerScan })
    const last = objects.at(-1)
    if (!last) return
    after = last.position
    await scanRows(ports, run, tier, collection, stemFrom(objects.map(({ id }) => id)))
  }
}

async function scanRows(
  ports: Ports,
  { batch, namespace }: BatchRun,
  tier: number,
  { id: collectionId, source }: Collection,
  filter: Filter | null,
): Promise<void> {
  const scope = { collectionIds: source.collection_ids ?? [] }
  const request = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, scope, request)) {
    const sourceIds = page.map(({ documentId }) => documentId)
    await openLedgerFor(ports.db, batch, { collectionId, tier, sourceIds })
  }
}

function stemFrom(objectIds: readonly string[]): Filter {
  return {
    kind: 'leaf',
    field: '_internal.root_object_id',
    operator: 'in',
    value: [...objectIds],
    caseSensitive: null,
  }
}
