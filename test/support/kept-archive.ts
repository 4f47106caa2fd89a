import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import type { Client } from '../../src/cli/demo/client.ts'
import { makePlots } from './plots.ts'
import type { Answer } from './server.ts'

/** An archive that some version made, in one file: `test/fixtures/archive-<schema>.json.br`. */
export interface KeptArchive {
  /** FORMAT of the data folder that it was made of. */
  format: Answer
  /** A key of the archive that is no first key. */
  key: string
  /** What that version answered. */
  answers: Answer
  /** Path in the archive → text. */
  files: Record<string, string>
}

export async function keepArchive(
  folder: string,
  path: string,
  kept: Omit<KeptArchive, 'files'>,
): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files: KeptArchive['files'] = {}
  for (const entry of entries.filter((one) => one.isFile())) {
    const from = join(entry.parentPath, entry.name)
    files[relative(folder, from)] = await readFile(from, 'utf8')
  }
  await writeFile(path, brotliCompressSync(JSON.stringify({ ...kept, files })))
}

export async function readKeptArchive(path: string): Promise<KeptArchive> {
  return JSON.parse(brotliDecompressSync(await readFile(path)).toString('utf8')) as KeptArchive
}

export async function unpackTo(folder: string, { files }: KeptArchive): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** A little of everything: text that is embedded, an original, vectors of the client's own, an index, a retriever. */
export async function fillServer(root: Client): Promise<string> {
  const namespace: Answer = await root.call('POST', '/v1/namespaces', {
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
    vectors: { own: { dimensions: 3 }, words: { type: 'sparse' } },
    payload_indexes: [{ field_name: 'year', type: 'integer' }],
  })
  const client = root.within(namespace.namespace_id)
  const { bucket, collection } = await makePlots(client, 'plots', {
    feature_extractor_name: 'text_extractor',
    input_mappings: { text: 'content' },
  })
  await client.call('POST', '/v1/retrievers', {
    retriever_name: 'near',
    collection_identifiers: [collection.collection_id],
    input_schema: { query: { type: 'text' } },
    stages: [
      {
        stage_name: 'near',
        config: {
          stage_id: 'feature_search',
          parameters: {
            searches: [
              {
                feature_uri: collection.vector_indexes[0].feature_uri,
                query: { input_mode: 'text', value: '{{INPUT.query}}' },
                top_k: 3,
              },
            ],
            final_top_k: 3,
          },
        },
      },
    ],
  })
  const objects = plots.map((data, i) => ({
    year: 2000 + i,
    blobs: [{ property: 'content', type: 'text', data }],
  }))
  const { succeeded }: Answer = await client.call(
    'POST',
    `/v1/buckets/${bucket.bucket_id}/objects/batch`,
    { objects },
  )
  const batches = `/v1/buckets/${bucket.bucket_id}/batches`
  const batch: Answer = await client.call('POST', batches, {
    object_ids: succeeded.map((one: Answer) => one.object_id),
  })
  const task: Answer = await client.call('POST', `${batches}/${batch.batch_id}/submit`)
  await completed(client, task.task_id)
  const documents = `/v1/collections/${collection.collection_id}/documents`
  const vectors = { own: [1, 0, 0], words: { indices: [3, 7], values: [0.5, 1] } }
  await client.call('POST', documents, { document_id: 'by hand', year: 1999, vectors })
  const list: Answer = await client.call('POST', `${documents}/list`, { limit: 10 })
  const extracted = list.results.find((one: Answer) => one.document_id !== 'by hand')
  await client.call('PATCH', `${documents}/${extracted.document_id}`, { title: 'By a user' })
  const made: Answer = await root.call('POST', '/v1/organizations/users/admin@localhost/api-keys', {
    name: 'kept',
    permissions: ['read'],
  })
  return made.key
}

/** The second is long enough to stand in the blob store, and too long to be read whole by the model. */
const plots = [
  'A fisherman sells the catch of the day on the market.',
  `The spaceship drifts for years. ${'Nothing happens. '.repeat(5_000)}`,
  'Two friends open a bakery in a small town.',
]

/** What must stay as it is through every version: documents, their ids, and who is nearest. */
export async function answersOf(root: Client): Promise<Answer> {
  const client = root.within('films')
  const list: Answer = await client.call('POST', '/v1/collections/plots/documents/list', {
    limit: 100,
    sort: [{ field: 'year', direction: 'asc' }],
  })
  const years: Answer = await client.call('POST', '/v1/collections/plots/documents/list', {
    filters: { AND: [{ field: 'year', operator: 'gte', value: 2001 }] },
    limit: 100,
  })
  const found: Answer = await client.call('POST', '/v1/retrievers/near/execute', {
    inputs: { query: 'bread and cakes' },
  })
  const near = found.documents ?? found.results
  return {
    documents: list.results
      .map(({ document_id: id, year, title = null, _internal }: Answer) => ({
        id,
        year,
        title,
        created_at: _internal.created_at,
      }))
      .toSorted((a: Answer, b: Answer) => (a.id < b.id ? -1 : 1)),
    filtered: years.results.length,
    near: near.map((one: Answer) => one.document_id),
  }
}

async function completed(client: Client, taskId: string): Promise<void> {
  for (;;) {
    const { status, error }: Answer = await client.call('GET', `/v1/tasks/${taskId}`)
    if (status === 'COMPLETED') return
    if (/FAILED|CANCELED|ERRORS/.test(status)) throw new Error(`${status}: ${error}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
