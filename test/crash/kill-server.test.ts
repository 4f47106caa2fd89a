import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClient, type Client } from '../../src/cli/demo/client.ts'
import { uploadObjects } from '../../src/cli/demo/ingest.ts'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import { readSynsets } from '../../src/cli/demo/wordnet.ts'
import { seededRandom } from '../../src/domain/retrievers/stages/seeded-random.ts'
import {
  assertEachOnce,
  LedgerWatch,
  placesOf,
  submitObjects,
  type Look,
  type Submitted,
} from '../support/ledger-watch.ts'
import type { Answer } from '../support/server.ts'

const isSoak = process.env['NACRE_CRASH_STRIDE'] === '1'
const objects = isSoak ? 1_000 : 250
const kills = isSoak ? 20 : 2
const unreadable = 3
const seed = Number(process.env['NACRE_KILL_SEED'] ?? (isSoak ? Date.now() % 1_000_000 : 6))
/** At the most after the moment that was drawn by rows. */
const lateMsMax = 300

test('a server that is killed at random moments of a batch of two tiers ends it after its restarts: each object counted once, each document there once, the ledger right at every look', async (t: TestContext) => {
  t.diagnostic(`NACRE_KILL_SEED=${seed}`)
  const random = seededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'nacre-kill-'))
  let server = await startServerProcess(folder)
  try {
    const { client, collectionIds, batch } = await startBatch(server)
    let within: Client = client
    const watch = new LedgerWatch()
    const moments = momentsOf(random)
    for (const rows of moments) {
      const look = await until(within, watch, batch, ({ first }) => done(first) >= rows)
      assert.ok(look.isOpen, `it ended ${look.status} before the kill at ${rows} rows`)
      await sleep(random() * lateMsMax)
      await kill(server)
      server = await startServerProcess(folder)
      within = openClient(server.url, server.key, client.namespaceId)
    }

    const end = await until(within, watch, batch, ({ isOpen }) => !isOpen)

    await endsRight(within, { batch, collectionIds }, end)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

/** Everything of the first tier counted once, everything made of it once in the second. */
async function endsRight(
  client: Client,
  { batch, collectionIds }: { batch: Submitted; collectionIds: readonly string[] },
  { status, rows, first }: Look,
): Promise<void> {
  assert.equal(status, 'COMPLETED_WITH_ERRORS')
  assert.deepEqual(
    [first.written, first.failed, first.skipped],
    [objects - unreadable, unreadable, 0],
  )
  assert.deepEqual([rows.accepted, rows.failed], [objects + first.documents, unreadable])
  const path = `/v1/buckets/${batch.bucketId}/batches/${batch.batchId}/failed-documents`
  assert.equal((await client.call<Answer>('GET', path)).total, unreadable)
  const [made = [], copied = []] = await Promise.all(
    collectionIds.map((id) => placesOf(client, id)),
  )
  assertEachOnce(made, first.written)
  assert.equal(made.length, first.documents)
  assertEachOnce(copied, made.length)
  assert.equal(made.length + copied.length, rows.documents)
}

/** How many rows of the first tier have ended at each kill: spread over the batch, none in its last tenth. */
function momentsOf(random: () => number): number[] {
  return Array.from({ length: kills }, (_, i) =>
    Math.floor((objects * 0.9 * (i + random())) / kills),
  )
}

function done({ accepted, pending }: Look['rows']): number {
  return accepted - pending
}

/** Objects of which some cannot be read, for a collection of texts and one of copies of its documents. */
async function startBatch({ url, key }: ServerProcess) {
  const extractor = (name: string) => ({ feature_extractor_name: name, version: 'v1' })
  const { namespace_id: namespaceId } = await openClient(url, key).call<Answer>(
    'POST',
    '/v1/namespaces',
    {
      namespace_name: 'wordnet',
      feature_extractors: ['text_extractor', 'passthrough_extractor'].map(extractor),
    },
  )
  const client = { ...openClient(url, key, namespaceId), namespaceId: String(namespaceId) }
  const { bucket_id: bucketId } = await client.call<Answer>('POST', '/v1/buckets', {
    bucket_name: 'synsets',
    bucket_schema: { properties: { content: { type: 'text' }, synset: { type: 'string' } } },
    unique_key: { fields: ['synset'], default_policy: 'upsert' },
  })
  const { collection_id: texts } = await client.call<Answer>('POST', '/v1/collections', {
    collection_name: 'texts',
    source: { type: 'bucket', bucket_ids: [bucketId] },
    feature_extractor: { ...extractor('text_extractor'), input_mappings: { text: 'content' } },
  })
  const { collection_id: copies } = await client.call<Answer>('POST', '/v1/collections', {
    collection_name: 'copies',
    source: { type: 'collection', collection_id: texts },
    feature_extractor: { ...extractor('passthrough_extractor'), field_passthrough: ['text'] },
  })
  const ids = await uploadObjects(client, bucketId, await someSynsets(), () => {})
  const batch = await submitObjects(client, bucketId, ids)
  return { client, collectionIds: [String(texts), String(copies)], batch }
}

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

async function until(
  client: Client,
  watch: LedgerWatch,
  batch: Submitted,
  isReached: (look: Look) => boolean,
): Promise<Look> {
  const deadline = AbortSignal.timeout(120_000)
  for (;;) {
    const look = await watch.look(client, batch)
    if (isReached(look) || !look.isOpen) return look
    deadline.throwIfAborted()
    await sleep(50)
  }
}
