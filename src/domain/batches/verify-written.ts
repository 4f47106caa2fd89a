import type { Ports } from '../../ports/ports.ts'
import { readErasing } from '../../store/object-erasures.ts'
import { deleteDocuments } from '../documents/delete-documents.ts'
import { flushDocuments, flushedPoints } from '../documents/write.ts'
import type { RowOutcome } from './batch.ts'
import type { BatchRun } from './batch-run.ts'
import type { ExtractedSource } from './extract-chunk.ts'
import { sourceVersions } from './source-versions.ts'

export interface Verified {
  outcomes: RowOutcome[]
  /** Whether rows are left open, to be done again: their source was changed while they were. */
  leavesOpen: boolean
}

const goneReason = 'The source was deleted while the batch ran.'

/**
 * After a flush that covers them, the rows whose every document is in the engine are written; where one is not, the row
 * failed, whatever the write answered (design 3, weakness 17). Then the sources are looked at again: who changes or
 * deletes one does so either before this look, which then sees it, or after the write, which he then finds. So of two
 * batches, and of a batch and a deletion, what ends last never stands on what was there before (docs/internals/ingest-ledger.md).
 */
export async function verifyWritten(
  ports: Ports,
  run: BatchRun,
  rows: readonly ExtractedSource[],
): Promise<Verified> {
  const ids = rows.flatMap(({ documents }) => documents.map(({ id }) => id))
  const there = await flushedPoints(ports, run.namespace, ids)
  const ledgerRows = rows.map(({ row }) => row)
  const [versions, erasing] = await Promise.all([
    sourceVersions(ports, run.namespace, ledgerRows),
    readErasing(ports.db, [...new Set(rows.flatMap(rootOf))]),
  ])
  const isGone = (row: ExtractedSource) =>
    rootOf(row).some((id) => erasing.has(id)) ||
    // Documents outlive their object, but not the document that they were made of by the same run.
    (row.source.lineage.source_type === 'collection' && !versions.has(row.row.sourceId))
  const gone = new Set(rows.filter(isGone))
  await takeBack(ports, run, [...gone])
  const left = new Set(rows.filter((row) => !gone.has(row) && isChanged(row, versions)))
  const outcomes = rows
    .filter((row) => !left.has(row))
    .map((row): RowOutcome =>
      gone.has(row)
        ? { state: 'skipped', row: row.row, reason: goneReason }
        : outcomeOf(row, there),
    )
  return { outcomes, leavesOpen: left.size > 0 }
}

function rootOf({ source }: ExtractedSource): string[] {
  const { root_object_id: id } = source.lineage
  return id === undefined ? [] : [id]
}

function isChanged({ row, source }: ExtractedSource, versions: ReadonlyMap<string, string>) {
  const now = versions.get(row.sourceId)
  return now !== undefined && now !== source.version
}

function outcomeOf({ row, documents }: ExtractedSource, there: ReadonlySet<string>): RowOutcome {
  const missing = documents.filter(({ id }) => !there.has(id)).length
  if (missing === 0) return { state: 'written', row, documents: documents.length }
  const reason = `${missing} of its ${documents.length} documents are not in the vector engine after their write.`
  return { state: 'failed', row, errorType: 'resource', reason, documents: documents.length }
}

/** Documents whose source went together with what was made of it. */
async function takeBack(
  ports: Ports,
  { namespace }: BatchRun,
  rows: readonly ExtractedSource[],
): Promise<void> {
  const pointIds = rows.flatMap(({ documents }) => documents.map(({ id }) => id))
  if (pointIds.length === 0) return
  await deleteDocuments(ports, namespace, { pointIds })
  await flushDocuments(ports, namespace)
}
