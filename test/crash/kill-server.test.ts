import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openClient, type Client } from '../../src/cli/demo/client.ts'
import { createResources, uploadObjects } from '../../src/cli/demo/ingest.ts'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import { readSynsets } from '../../src/cli/demo/wordnet.ts'
import type { Answer } from '../support/server.ts'

const objects = 250
const unreadable = 3
const isOpen: ReadonlySet<string> = new Set(['PENDING', 'IN_PROGRESS', 'PROCESSING'])

test('a server that is killed in the middle of a batch ends it after its restart, each document once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-kill-'))
  let server = await startServerProcess(folder)
  try {
    const client = openClient(server.url, server.key)
    const made = await createResources(client)
    const within = client.within(made.namespaceId)
    const ids = await uploadObjects(within, made.bucketId, await someSynsets(), () => {})
    const batches = `/v1/buckets/${made.bucketId}/batches`
    const batch = await within.call<Answer>('POST', batches, { object_ids: ids })
    const { task_id: taskId } = await within.call<Answer>(
      'POST',
      `${batches}/${batch.batch_id}/submit`,
    )
    const before = await until(within, taskId, ({ written }) => written > 0)
    await kill(server)
    server = await startServerProcess(folder)
    const again = openClient(server.url, server.key, made.namespaceId)

    const after = await until(again, taskId, (_, status) => !isOpen.has(status))

    assert.ok(before.pending > 0, 'the kill came in the middle')
    const { written, failed, skipped } = after
    assert.deepEqual([written, failed, skipped], [objects - unreadable, unreadable, 0])
    const task = await again.call<Answer>('GET', `/v1/tasks/${taskId}`)
    assert.equal(task.status, 'COMPLETED_WITH_ERRORS')
    const failures = await again.call<Answer>(
      'GET',
      `${batches}/${batch.batch_id}/failed-documents`,
    )
    assert.equal(failures.total, unreadable)
    const positions = await documentsOf(again, made.collectionId)
    assert.equal(new Set(positions).size, positions.length, 'a document is there twice')
    assert.equal(positions.length, after.documents)
    assert.equal(new Set(positions.map((position) => position.split(' ')[0])).size, written)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

async function someSynsets() {
  const synsets = (await readSynsets()).slice(0, objects)
  return synsets.map((synset, i) =>
    i < unreadable ? { ...synset, words: [], definition: '一只狗在叫' } : synset,
  )
}

async function kill(server: ServerProcess): Promise<void> {
  process.kill(server.pid, 'SIGKILL')
  // Its exit was heard of when this comes back; only then is its lock free.
  await server.stop()
}

interface Progress {
  accepted: number
  written: number
  failed: number
  skipped: number
  pending: number
  documents: number
}

/** Polls the task; at every look its rows must sum. */
async function until(
  client: Client,
  taskId: string,
  isReached: (progress: Progress, status: string) => boolean,
): Promise<Progress> {
  const deadline = AbortSignal.timeout(60_000)
  for (;;) {
    const task = await client.call<Answer>('GET', `/v1/tasks/${taskId}`)
    const progress: Progress = task.additional_data.progress
    const { accepted, written, failed, skipped, pending } = progress
    assert.equal(accepted, objects)
    assert.equal(accepted, written + failed + skipped + pending)
    if (isReached(progress, task.status)) return progress
    deadline.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** `object chunk` of every document, page by page. */
async function documentsOf(client: Client, collectionId: string): Promise<string[]> {
  const positions: string[] = []
  let cursor: string | null = null
  do {
    const body: object = { limit: 500, ...(cursor !== null && { cursor }) }
    const page: Answer = await client.call(
      'POST',
      `/v1/collections/${collectionId}/documents/list`,
      body,
    )
    for (const { _internal: internal, chunk_index: chunk } of page.results)
      positions.push(`${internal.lineage.source_object_id} ${chunk}`)
    cursor = page.pagination.next_cursor
  } while (cursor !== null)
  return positions
}
