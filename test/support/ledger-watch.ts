import assert from 'node:assert/strict'
import type { Client } from '../../src/cli/demo/client.ts'
import type { Answer } from './server.ts'

/** A submitted batch, as its client knows it. */
export interface Submitted {
  bucketId: string
  batchId: string
  taskId: string
  /** Objects that it was given, each for one collection of its first tier. */
  objects: number
}

/** How the ledger stands, in rows; `documents` of the written ones. */
interface Rows {
  accepted: number
  written: number
  failed: number
  skipped: number
  pending: number
  documents: number
}

export interface Look {
  isOpen: boolean
  status: string
  rows: Rows
  /** Rows of the first tier. */
  first: Rows
}

const open: ReadonlySet<string> = new Set(['PENDING', 'IN_PROGRESS', 'PROCESSING'])

/** Gathers the objects into a batch and submits it. */
export async function submitObjects(
  client: Client,
  bucketId: string,
  object_ids: readonly string[],
): Promise<Submitted> {
  const batches = `/v1/buckets/${bucketId}/batches`
  const { batch_id: batchId } = await client.call<Answer>('POST', batches, { object_ids })
  const { task_id: taskId } = await client.call<Answer>('POST', `${batches}/${batchId}/submit`)
  return { bucketId, batchId, taskId, objects: object_ids.length }
}

/**
 * Looks at batches through their tasks and themselves, and holds at every look what the ledger promises: rows sum, as a
 * whole, in each tier and on both; no object is lost; what is written stays written, and its documents are there.
 */
export class LedgerWatch {
  readonly #written = new Map<string, number>()

  async look(client: Client, { bucketId, batchId, taskId, objects }: Submitted): Promise<Look> {
    const task = await client.call<Answer>('GET', `/v1/tasks/${taskId}`)
    const batch = await client.call<Answer>('GET', `/v1/buckets/${bucketId}/batches/${batchId}`)
    const told: Rows = task.additional_data.progress
    const rows: Rows = batch.progress
    const tiers: Rows[] = batch.tier_tasks.map((tier: Answer) => tier.progress)
    for (const one of [told, rows, ...tiers]) assertSums(one)
    assertRows(rows, tiers.reduce(added))
    const [first = rows] = tiers
    assert.equal(first.accepted, objects)
    const before = this.#written.get(batchId) ?? 0
    // Marked and told in one transaction: of the two the one that was asked first is never ahead.
    assert.ok(told.written >= before, `${before} rows were written, now ${told.written}`)
    assert.ok(rows.written >= told.written, `the task tells ${told.written} of ${rows.written}`)
    this.#written.set(batchId, rows.written)
    return { isOpen: open.has(task.status), status: task.status, rows, first }
  }
}

/** `source chunk` of every document of a collection, page by page; the source is an object or a document. */
export async function placesOf(client: Client, collectionId: string): Promise<string[]> {
  const places: string[] = []
  let cursor: string | null = null
  do {
    const path = `/v1/collections/${collectionId}/documents/list`
    const body: object = { limit: 500, ...(cursor !== null && { cursor }) }
    const page: Answer = await client.call('POST', path, body)
    for (const { _internal: internal, chunk_index: chunk } of page.results) {
      const { source_object_id: object, source_document_id: document } = internal.lineage
      places.push(`${object ?? document} ${chunk}`)
    }
    cursor = page.pagination.next_cursor
  } while (cursor !== null)
  return places
}

/** Each source has documents, and no place is there twice. */
export function assertEachOnce(places: readonly string[], sources: number): void {
  assert.equal(new Set(places).size, places.length, 'a document is there twice')
  assert.equal(new Set(places.map((place) => place.split(' ')[0])).size, sources)
}

function assertSums({ accepted, written, failed, skipped, pending }: Rows): void {
  assert.equal(accepted, written + failed + skipped + pending)
}

function assertRows(a: Rows, b: Rows): void {
  assert.deepEqual(
    [a.accepted, a.written, a.failed, a.skipped, a.pending, a.documents],
    [b.accepted, b.written, b.failed, b.skipped, b.pending, b.documents],
  )
}

function added(a: Rows, b: Rows): Rows {
  return {
    accepted: a.accepted + b.accepted,
    written: a.written + b.written,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    pending: a.pending + b.pending,
    documents: a.documents + b.documents,
  }
}
