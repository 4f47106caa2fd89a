import type { Ports } from '../../ports/ports.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'
import { markExtracted } from '../../store/ingest-ledger.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import type { NewDocument } from '../documents/document.ts'
import { writeDocuments } from '../documents/write.ts'
import { isFailure } from '../failure.ts'
import type { RowOutcome } from './batch.ts'
import type { BatchRun } from './batch-run.ts'
import type { ExtractedChunk, ExtractedSource } from './extract-chunk.ts'
import { removeOfPredecessors, removeStale } from './remove-stale.ts'

export interface WrittenChunk {
  /** Rows whose every document was written, and is to be flushed and verified. */
  written: ExtractedSource[]
  /** Rows that have ended otherwise. */
  outcomes: RowOutcome[]
  /** Whether documents of rows among `outcomes` were removed, which is to be flushed as well. */
  hasRemoved: boolean
}

/**
 * Says how many documents each row became, writes them, and removes the positions that this run no longer makes.
 * Answers the rows that the engine refuses, each with its reason; one of them never spoils its neighbours.
 */
export async function writeChunk(
  ports: Ports,
  run: BatchRun,
  chunk: ExtractedChunk,
): Promise<WrittenChunk> {
  if (!(await isWanted(ports, run, chunk)))
    return { written: [], outcomes: allSkipped(chunk), hasRemoved: false }
  const counts = chunk.documents.map(({ row, documents }) => ({
    ...row,
    documents: documents.length,
  }))
  await markExtracted(ports.db, run.batch.id, counts)
  await removeOfPredecessors(ports, run.namespace, chunk.documents)
  const outcomes = [...chunk.outcomes]
  const written: ExtractedSource[] = []
  for (const group of await writeTogether(ports, run, chunk.documents)) {
    if ('outcome' in group) outcomes.push(group.outcome)
    else written.push(group.row)
  }
  const stale = [...written, ...chunk.emptied.map((one) => ({ ...one, documents: [] }))]
  await removeStale(ports, run.namespace, stale)
  return { written, outcomes, hasRemoved: chunk.emptied.length > 0 }
}

/** A collection that was deleted since the slice began gets no documents any more; asked of memory, not of SQL. */
async function isWanted(ports: Ports, run: BatchRun, { documents }: ExtractedChunk) {
  const wanted = documents[0]?.row.collectionId
  if (wanted === undefined) return true
  const collections = await collectionsOf(ports, run.namespace.id)
  return collections.some(({ id }) => id === wanted)
}

function allSkipped({ documents, outcomes }: ExtractedChunk): RowOutcome[] {
  const reason = 'The collection was deleted after the batch was submitted.'
  return [
    ...outcomes,
    ...documents.map(({ row }): RowOutcome => ({ state: 'skipped', row, reason })),
  ]
}

type Result = { row: ExtractedSource } | { outcome: RowOutcome }

/** All at once, which is what nearly always works; else one by one, to find those at fault. */
async function writeTogether(
  ports: Ports,
  run: BatchRun,
  rows: readonly ExtractedSource[],
): Promise<Result[]> {
  const documents = rows.flatMap((row): NewDocument[] => row.documents)
  try {
    await writeDocuments(ports, run.namespace, documents)
    return rows.map((row) => ({ row }))
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (rows.length > 1) return await writeEach(ports, run, rows)
    const fault = { state: 'failed', errorType: 'validation', reason: error.message } as const
    return rows.map(({ row, documents: { length } }) => ({
      outcome: { ...fault, row, documents: length },
    }))
  }
}

async function writeEach(
  ports: Ports,
  run: BatchRun,
  rows: readonly ExtractedSource[],
): Promise<Result[]> {
  const results: Result[] = []
  for (const row of rows) results.push(...(await writeTogether(ports, run, [row])))
  return results
}

/** The content is at fault, not the engine's state: the same again would end the same way. */
function isRefusal(error: unknown): error is Error {
  return error instanceof EngineRejection || isFailure(error, 'request_invalid')
}
