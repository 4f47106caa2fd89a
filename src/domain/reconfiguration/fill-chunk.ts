import type { Ports } from '../../ports/ports.ts'
import { extractChunk, type ExtractedChunk } from '../batches/extract-chunk.ts'
import type { RowOutcome } from '../batches/batch.ts'
import { filtersOf } from '../batches/batch-run.ts'
import type { Collection } from '../collections/collection.ts'
import { carryDocuments } from '../documents/carry-documents.ts'
import type { DocumentRecord } from '../documents/document.ts'
import { fillDocuments } from '../documents/fill-documents.ts'
import { internalOf } from '../documents/document.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { documentsOfSources } from './documents-of-sources.ts'
import { sourceFieldOf } from './fill-sources.ts'

/** What a filling works on. */
export interface Filling {
  live: Namespace
  coming: Namespace
  collection: Collection
}

export interface FilledChunk {
  filled: number
  /** Sources that could not be made again; their documents were copied as they are. */
  failed: number
  reasons: string[]
  /** Sources whose documents somebody changed meanwhile: to be made once more. */
  again: string[]
}

/**
 * Makes the documents of some sources again, in the generation to come; a source without documents in the live one is
 * left alone, so that nothing deleted comes back. What the live generation had before is looked at again after the
 * write: a source whose documents have changed meanwhile is told, to be done again.
 */
export async function fillChunk(
  ports: Ports,
  filling: Filling,
  sourceIds: readonly string[],
  guard: () => Promise<void>,
  signal: AbortSignal,
): Promise<FilledChunk> {
  const { live, collection } = filling
  const field = sourceFieldOf(collection)
  const before = await documentsOfSources(ports, live, collection.id, field, sourceIds)
  const wanted = sourceIds.filter((id) => before.has(id))
  if (wanted.length === 0) return { filled: 0, failed: 0, reasons: [], again: [] }
  const chunk = await extract(ports, filling, wanted, signal)
  await ports.leases.shared(
    live.id,
    async (share) => {
      await guard()
      await writeChunk(ports, filling, chunk, before)
      share.check()
    },
    signal,
  )
  const after = await documentsOfSources(ports, live, collection.id, field, wanted)
  const failures = chunk.outcomes.filter(({ state }) => state !== 'written')
  return {
    filled: chunk.documents.length,
    failed: failures.length,
    reasons: failures.flatMap((outcome) => ('reason' in outcome ? [outcome.reason] : [])),
    again: wanted.filter((id) => markOf(before.get(id)) !== markOf(after.get(id))),
  }
}

async function extract(
  ports: Ports,
  { coming, collection }: Filling,
  sourceIds: readonly string[],
  signal: AbortSignal,
): Promise<ExtractedChunk> {
  const run = {
    namespace: coming,
    collections: new Map([[collection.id, collection]]),
    filters: filtersOf(ports, [collection]),
  }
  const rows = sourceIds.map((sourceId) => ({ collectionId: collection.id, sourceId }))
  return await extractChunk(ports, run, rows, signal)
}

async function writeChunk(
  ports: Ports,
  { live, coming }: Filling,
  chunk: ExtractedChunk,
  before: ReadonlyMap<string, DocumentRecord[]>,
): Promise<void> {
  await fillDocuments(
    ports,
    live,
    coming,
    chunk.documents.flatMap(({ documents }) => documents),
  )
  // What cannot be made again stays as it was: a document is never lost for a reason in its ledger.
  const kept = chunk.outcomes.flatMap(({ row }: RowOutcome) => before.get(row.sourceId) ?? [])
  await carryDocuments(
    ports,
    live,
    coming,
    kept.map(({ pointId }) => pointId),
  )
}

/** The same as long as nobody writes or deletes one of them. */
function markOf(records: readonly DocumentRecord[] | undefined): string {
  const marks = records?.map(
    ({ pointId, payload }) => `${pointId} ${internalOf(payload).updated_at ?? ''}`,
  )
  return marks?.toSorted().join('\n') ?? ''
}
