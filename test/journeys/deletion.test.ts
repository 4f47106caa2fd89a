import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openFilms, type Films } from '../support/films.ts'

test('a namespace that was used in every way leaves nothing behind but the task of its deletion', async () => {
  await using films = await openFilms()
  await deleted(films, 'films')
  const before = await left(films)
  await films.server.call('POST', '/v1/namespaces', {
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
    payload_indexes: [{ field_name: 'category', type: 'keyword' }],
    ttl_seconds: 3_600,
  })
  await use(films)
  const used = await left(films)
  for (const table of ['objects', 'object_blobs', 'ingest_ledger', 'payload_indexes', 'executions'])
    assert.ok((used.rows[table] ?? 0) > (before.rows[table] ?? 0), `${table} was not used`)
  assert.equal(used.files, 1)

  await deleted(films, 'films')

  const after = await left(films)
  assert.equal(after.rows['tasks'], (before.rows['tasks'] ?? 0) + 1)
  assert.deepEqual(
    { ...after, rows: { ...after.rows, tasks: 0 } },
    { ...before, rows: { ...before.rows, tasks: 0 } },
  )
})

async function deleted(films: Films, namespace: string): Promise<void> {
  const { answer } = await films.ask('DELETE /v1/namespaces/{}', {
    path: [namespace],
    namespace: undefined,
  })
  for (;;) {
    const path = [answer.task_id]
    const task = await films.ask('GET /v1/tasks/{}', { path, namespace: undefined })
    if (task.answer.status === 'COMPLETED') return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function use({ made, ended, server }: Films): Promise<void> {
  const plot = 'A man sells fish. '.repeat(8_000)
  await made('POST /v1/buckets', [], {
    bucket_name: 'plots',
    bucket_schema: { properties: { plot: { type: 'text' }, scan: { type: 'text' } } },
  })
  const object = await made('POST /v1/buckets/{}/objects', ['plots'], {
    plot: 'A man sells fish.',
    category: 'calm',
    blobs: [{ property: 'scan', type: 'text', data: plot }],
  })
  await made('POST /v1/collections', [], {
    collection_name: 'plots',
    source: { type: 'bucket', bucket_id: 'plots' },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'plot' },
      field_passthrough: ['category'],
    },
  })
  const { batch_id } = await made('POST /v1/buckets/{}/batches', ['plots'], {
    object_ids: [object.object_id],
  })
  const { task_id } = await made('POST /v1/buckets/{}/batches/{}/submit', ['plots', batch_id])
  assert.equal((await ended(task_id)).status, 'COMPLETED')
  await made('POST /v1/collections/{}/documents', ['plots'], { title: 'by hand' })
  const { retriever_id } = await made('POST /v1/retrievers', [], {
    retriever_name: 'calm',
    collection_identifiers: ['plots'],
    stages: [
      {
        stage_id: 'attribute_filter',
        parameters: { field: 'category', operator: 'eq', value: 'calm' },
      },
    ],
  })
  const found = await made('POST /v1/retrievers/{}/execute', [retriever_id], { inputs: {} })
  assert.equal(found.documents.length, 1)
  // Executions are written some at a time.
  const { db } = server.ports
  while ((await db.selectFrom('executions').select('id').execute()).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

/** What is stored anywhere: rows a table, files of originals, collections and aliases of the engine. */
async function left({ server }: Films) {
  const { db, vectors } = server.ports
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public'
  `.execute(db)
  const rows: Record<string, number> = {}
  for (const { name } of tables) {
    const { rows: counted } = await sql<{
      count: string
    }>`select count(*) from ${sql.table(name)}`.execute(db)
    rows[name] = Number(counted[0]?.count)
  }
  const found = await readdir(join(server.folder, 'blobs'), {
    recursive: true,
    withFileTypes: true,
  })
  // Absent where the engine is a server.
  const shards = await readdir(join(server.folder, 'qdrant'), { recursive: true }).catch(() => [])
  return {
    rows,
    files: found.filter((entry) => entry.isFile()).length,
    collections: await vectors.listCollections(),
    aliases: await vectors.listAliases(),
    shards: shards.length,
  }
}
