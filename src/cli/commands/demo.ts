import { once } from 'node:events'
import type { Client } from '../demo/client.ts'
import { folderSize } from '../demo/folder-size.ts'
import { createResources, processBatch, uploadObjects, type Ingested } from '../demo/ingest.ts'
import {
  createFilteredQuery,
  measure,
  type FilteredQuery,
  type Hit,
  type Timing,
} from '../demo/measure.ts'
import { progressBar } from '../demo/progress-bar.ts'
import { startDemo } from '../demo/start-demo.ts'
import { readSynsets } from '../demo/wordnet.ts'
import type { Command, CommandCall } from '../command.ts'

/** The main job in front of the user's eyes, over HTTP only, in a folder of its own. */
export const demo: Command = {
  name: 'demo',
  summary: 'Show the main job on some 6,000 dictionary entries, in a temporary folder.',
  flags: [{ flags: '--keep', summary: 'leave the server running and say how to reach it' }],
  settings: [],
  async run(call) {
    await using stack = new AsyncDisposableStack()
    const { folder, server, client } = await startDemo(call, stack)
    const report = await show(call, client)
    const sizeBytes = await folderSize(folder)
    call.print(`\n${report}; ${(sizeBytes / 1e6).toFixed(0)} MB (${sizeBytes} bytes) on disk.`)
    if (call.flags['keep'] === true) await keep(call, server.url, folder)
  },
}

async function show({ print }: CommandCall, client: Client): Promise<string> {
  const synsets = await readSynsets()
  const made = await createResources(client)
  const within = client.within(made.namespaceId)
  print(`Namespace, bucket and collection are there. ${synsets.length} WordNet synsets come in:`)
  const start = performance.now()
  const ids = await uploadObjects(
    within,
    made.bucketId,
    synsets,
    progressBar('objects  ', synsets.length, print),
  )
  await processBatch(within, made.bucketId, ids, progressBar('documents', synsets.length, print))
  const seconds = (performance.now() - start) / 1000
  const hits = await searches(print, within, made)
  await indexes(print, within, made, hits)
  return `Bucket → objects → batch → extractor → documents: ${synsets.length} in ${seconds.toFixed(0)} s`
}

const questions = [
  { query: 'a small animal that lives in water and has a shell', category: 'animal' },
  { query: 'something sweet to eat after dinner', category: 'food' },
  { query: 'being afraid of the dark', category: 'feeling' },
  { query: 'strong wind and heavy rain', category: 'phenomenon' },
]

async function searches(
  print: (line: string) => void,
  client: Client,
  made: Ingested,
): Promise<Hit[]> {
  const { retriever_id: id } = await client.call<{ retriever_id: string }>(
    'POST',
    '/v1/retrievers',
    {
      retriever_name: 'by meaning',
      collection_identifiers: [made.collectionId],
      input_schema: { query: { type: 'string' }, category: { type: 'string' } },
      stages: [
        {
          stage_name: 'search',
          config: {
            stage_id: 'feature_search',
            parameters: {
              searches: [
                {
                  feature_uri: made.featureUri,
                  query: { input_mode: 'text', value: '{{INPUT.query}}' },
                  top_k: 10,
                },
              ],
              final_top_k: 3,
            },
            pre_filters: {
              AND: [{ field: 'category', operator: 'eq', value: '{{INPUT.category}}' }],
            },
          },
        },
      ],
    },
  )
  const all: Hit[] = []
  for (const inputs of questions) {
    const { documents } = await client.call<{ documents: Hit[] }>(
      'POST',
      `/v1/retrievers/${id}/execute`,
      { inputs },
    )
    print(`\n“${inputs.query}”  (category = ${inputs.category})`)
    for (const hit of documents) {
      print(`  ${(hit.score ?? 0).toFixed(3)}  ${hit.words?.join(', ')}: ${hit.definition}`)
    }
    all.push(...documents)
  }
  return all
}

const filters = [
  {
    name: 'category = food',
    filter: { AND: [{ field: 'category', operator: 'eq', value: 'food' }] },
  },
  { name: 'words = field', filter: { AND: [{ field: 'words', operator: 'eq', value: 'field' }] } },
  {
    name: 'relation_count >= 40',
    filter: { AND: [{ field: 'relation_count', operator: 'gte', value: 40 }] },
  },
]

const payloadIndexes = [
  { field_name: 'category', type: 'keyword' },
  { field_name: 'words', type: 'keyword' },
  { field_name: 'relation_count', type: 'integer' },
]

async function indexes(
  print: (line: string) => void,
  client: Client,
  made: Ingested,
  hits: readonly Hit[],
): Promise<void> {
  const documentId = hits[0]?.document_id
  if (documentId === undefined) throw new Error('No search found anything; the demo cannot go on.')
  const source = { ...made, documentId }
  const queries: FilteredQuery[] = []
  for (const filter of filters) queries.push(await createFilteredQuery(client, source, filter))
  const before = await measure(client, made.collectionId, queries)
  await client.call('PATCH', `/v1/namespaces/${made.namespaceId}`, {
    payload_indexes: payloadIndexes,
  })
  const after = await measure(client, made.collectionId, queries)
  print(
    '\nPATCH /v1/namespaces: payload indexes on category, words, relation_count. p50 over HTTP:',
  )
  for (const [i, timing] of before.entries()) print(comparison(timing, after[i]))
}

function comparison(before: Timing, after: Timing | undefined): string {
  if (after === undefined) throw new Error(`${before.name} was not measured again.`)
  const isSame = JSON.stringify(before.ids) === JSON.stringify(after.ids)
  if (!isSame)
    throw new Error(
      `${before.name}: ${before.ids.length} documents before, ${after.ids.length} after.`,
    )
  const name = before.name.padEnd(22)
  const times = `${before.p50Ms.toFixed(2).padStart(7)} ms → ${after.p50Ms.toFixed(2).padStart(5)} ms`
  const ratio = `${(before.p50Ms / after.p50Ms).toFixed(1)} times faster`
  return `  ${name} ${times}  ${ratio}, the same ${after.ids.length} ids`
}

async function keep({ print, signal }: CommandCall, url: string, folder: string): Promise<void> {
  print(`\nStill running at ${url}; Ctrl+C stops it and removes its folder.`)
  print(`  curl -H "Authorization: Bearer $(cat ${folder}/admin.key)" ${url}/v1/namespaces/wordnet`)
  if (!signal.aborted) await once(signal, 'abort')
}
