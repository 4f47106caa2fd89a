import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { openClient, type Client } from '../../src/cli/demo/client.ts'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import { noPlugins } from '../support/plugins.ts'
import type { Answer } from '../support/server.ts'
import { addPlugin } from '../support/upload-plugin.ts'

// Real processes, killed without a word while they change a schema. What each of them may have left at every single
// call stands in reconfigure.test.ts; here the kill comes at any moment, with the database and the engine under it.

/** In soak twenty of each strategy; `NACRE_KILL_SEED` replays those of a run. */
const moments = process.env['NACRE_PROPERTY_RUNS'] === undefined ? 1 : 20
const seed = Number(process.env['NACRE_KILL_SEED'] ?? 11)
const importedTotal = 400
const objectsTotal = 30
const dimensions = 8

// A generation stands for as long as a request may still read it.
process.env['NACRE_REQUEST_TIMEOUT_MS'] = '4000'

interface Place {
  namespaceId: string
  imported: string
  extracted: string
}

/** One way to change the schema: what it starts from, what is asked, and what its end looks like. */
interface Strategy {
  name: string
  path: string
  body: object
  /** Whether it begins where a `recreate` has been done. */
  isAfterRecreate: boolean
  /** Whether documents that have a source are gone where it was done. */
  dropsExtracted: boolean
  /** Whether the earlier generation stands beside the new one where it was done. */
  keepsEarlier: boolean
  /** States of its row that are an end, and whether the end is that it was done. */
  ends: Readonly<Record<string, boolean>>
  /** Share of a `recreate`'s time that it takes, about. */
  share: number
}

const strategies: readonly Strategy[] = [
  {
    name: 'online',
    path: '',
    body: { confirm: true, strategy: 'online' },
    isAfterRecreate: false,
    dropsExtracted: false,
    keepsEarlier: false,
    ends: { done: true, cancelled: false },
    share: 0.5,
  },
  {
    name: 'recreate',
    path: '',
    body: { confirm: true },
    isAfterRecreate: false,
    dropsExtracted: true,
    keepsEarlier: true,
    ends: { retained: true, cancelled: false },
    share: 1,
  },
  {
    name: 'reprocess',
    path: '',
    body: { confirm: true, reprocess: true },
    isAfterRecreate: false,
    dropsExtracted: false,
    keepsEarlier: true,
    ends: { retained: true, cancelled: false },
    share: 3,
  },
  {
    name: 'undo',
    path: '/undo',
    body: {},
    isAfterRecreate: true,
    dropsExtracted: false,
    keepsEarlier: false,
    ends: { undone: true, retained: false },
    share: 0.5,
  },
]

describe('a server that is killed in the middle of a reconfigure', async () => {
  const skip = await noPlugins()
  let folder: string
  let place: Place
  let recreateMs: number

  before(async () => {
    if (skip !== false) return
    folder = await mkdtemp(join(tmpdir(), 'nacre-kill-'))
    await using fresh = await started(join(folder, 'before'))
    place = await fill(fresh)
    await fresh.server.stop()
    await cp(join(folder, 'before'), join(folder, 'after'), { recursive: true })
    await using second = await started(join(folder, 'after'))
    const start = performance.now()
    await second.client.call('POST', reconfigure(place), { confirm: true })
    recreateMs = performance.now() - start
  })
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))

  for (const strategy of strategies) {
    for (const share of sharesOf(strategy)) {
      test(
        `${strategy.name}: ends done or undone, at ${share.toFixed(3)} of its time`,
        { skip },
        async (t) => {
          const from = join(folder, strategy.isAfterRecreate ? 'after' : 'before')
          const copy = join(folder, 'copy')
          await cp(from, copy, { recursive: true })
          try {
            await killed(copy, place, strategy, share * strategy.share * recreateMs)
            t.diagnostic(`ended as ${await ended(copy, place, strategy)}`)
          } finally {
            await rm(copy, { recursive: true, force: true, maxRetries: 20 })
          }
        },
      )
    }
  }
})

function sharesOf({ name }: Strategy): number[] {
  // Not the same moments for each.
  const own = seed + strategies.findIndex((one) => one.name === name)
  const thousandths = fc.noBias(fc.integer({ min: 0, max: 1_100 }))
  return fc.sample(thousandths, { seed: own, numRuns: moments }).map((one) => one / 1_000)
}

/** Asks, and kills while it is done. */
async function killed(
  folder: string,
  place: Place,
  { path, body }: Strategy,
  delayMs: number,
): Promise<void> {
  await using running = await started(folder)
  const { server, client } = running
  const reader = startReader(client, place)
  const asked = client.call('POST', `${reconfigure(place)}${path}`, body).catch(() => null)
  await sleep(delayMs)
  reader.expectEnd()
  process.kill(server.pid, 'SIGKILL')
  await asked
  assert.equal(await reader.stop(), null, 'reads before the kill')
}

/** Starts again, waits for the end, and looks at everything that has to hold then. Answers what the end was. */
async function ended(folder: string, place: Place, strategy: Strategy): Promise<string | null> {
  await using running = await started(folder)
  const { client } = running
  const reader = startReader(client, place)
  const last = await settled(client, place, strategy)
  assert.equal(await reader.stop(), null, 'reads after the start')

  const isDone = last !== null && strategy.ends[last] === true
  const isRecreated = strategy.isAfterRecreate ? !isDone : isDone && strategy.dropsExtracted
  const plan = await client.call<Answer>('POST', reconfigure(place), { dry_run: true })
  const hasVectors = strategy.isAfterRecreate ? !isDone : isDone
  assert.equal(plan.status, hasVectors ? 'no_changes_needed' : 'reconfigured', `it is ${last}`)
  assert.deepEqual(await fieldsOf(client, place.imported), importedFields(), `it is ${last}`)
  const sources = await fieldsOf(client, place.extracted)
  assert.equal(sources.length, isRecreated ? 0 : objectsTotal, `it is ${last}`)
  const isBeside = strategy.isAfterRecreate ? !isDone : isDone && strategy.keepsEarlier
  assert.equal((await generationsOf(folder)).length, isBeside ? 2 : 1, `it is ${last}`)
  // Nothing is left that stands in the way of the next.
  if (!isDone) {
    await client.call('POST', `${reconfigure(place)}${strategy.path}`, strategy.body)
    const again = await settled(client, place, strategy)
    assert.equal(again !== null && strategy.ends[again], true, `it is ${again}`)
  }
  return last
}

/** The state of the newest reconfigure once it is an end; null where there is none. */
async function settled(client: Client, place: Place, { ends }: Strategy): Promise<string | null> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const { results } = await client.call<Answer>('GET', reconfigure(place))
    const state: string | null = results[0]?.state ?? null
    if (state === null || Object.hasOwn(ends, state)) return state
    assert.ok(performance.now() < deadline, `ended in time, is ${JSON.stringify(results[0])}`)
    await sleep(50)
  }
}

interface Running extends AsyncDisposable {
  server: ServerProcess
  client: Client
}

async function started(folder: string): Promise<Running> {
  const server = await startServerProcess(folder)
  const client = openClient(server.url, server.key)
  const { results } = await client.call<Answer>('POST', '/v1/namespaces/list', {})
  const id = results[0]?.namespace_id
  return {
    server,
    client: id === undefined ? client : client.within(id),
    // Its exit was heard of when this comes back, killed or not.
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function reconfigure({ namespaceId }: Place): string {
  return `/v1/namespaces/${namespaceId}/plugins/reconfigure`
}

const passthrough = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }

/** A namespace with imported documents, extracted ones, an index, and a plugin whose vector it lacks. */
async function fill({ server, client }: Running): Promise<Place> {
  const { namespace_id: namespaceId } = await client.call<Answer>('POST', '/v1/namespaces', {
    namespace_name: 'killed',
    vectors: { own: { dimensions, distance: 'cosine' } },
    feature_extractors: [passthrough],
    payload_indexes: [{ field_name: 'group', type: 'keyword' }],
  })
  const within = client.within(namespaceId)
  const schema = { properties: { title: { type: 'string' } } }
  const bucket = { bucket_name: 'titles', bucket_schema: schema }
  const { bucket_id: bucketId } = await within.call<Answer>('POST', '/v1/buckets', bucket)
  const place = {
    namespaceId,
    imported: await makeCollection(within, 'imported', bucketId),
    extracted: await makeCollection(within, 'extracted', bucketId),
  }
  await importDocuments(server, place)
  for (let i = 0; i < objectsTotal; i++)
    await within.call('POST', `/v1/buckets/${bucketId}/objects`, { title: `title ${i}` })
  const path = `/v1/collections/${place.extracted}/trigger`
  const { task_id: taskId } = await within.call<Answer>('POST', path, {})
  await untilOver(() => within.call('GET', `/v1/tasks/${taskId}`), 'COMPLETED')
  await deployPlugin(server, within, place)
  return place
}

async function makeCollection(client: Client, name: string, bucketId: string): Promise<string> {
  const made = await client.call<Answer>('POST', '/v1/collections', {
    collection_name: name,
    source: { type: 'bucket', bucket_ids: [bucketId] },
    feature_extractor: passthrough,
  })
  return made.collection_id
}

async function importDocuments(server: ServerProcess, place: Place): Promise<void> {
  const lines = importedFields().map((fields, i) =>
    JSON.stringify({ ...fields, document_id: `given ${i}`, vectors: { own: vectorOf(i) } }),
  )
  const response = await fetch(`${server.url}/v1/collections/${place.imported}/documents/import`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.key}`,
      'content-type': 'application/x-ndjson',
      'x-namespace': place.namespaceId,
    },
    body: lines.join('\n'),
  })
  const { written }: Answer = await response.json()
  assert.equal(written, importedTotal)
}

async function deployPlugin(server: ServerProcess, client: Client, place: Place): Promise<void> {
  const authorization = `Bearer ${server.key}`
  const send = (path: string, init: { headers?: object; method?: string; body?: unknown } = {}) =>
    fetch(server.url + path, {
      ...(init.method !== undefined && { method: init.method }),
      headers: { ...init.headers, authorization },
      body: init.body as NonNullable<RequestInit['body']>,
    })
  const { plugin_id: id } = await addPlugin({ fetch: send }, place.namespaceId, 'added')
  const path = `/v1/namespaces/${place.namespaceId}/plugins/${id}`
  await client.call('POST', `${path}/deploy`)
  await untilOver(() => client.call('GET', `${path}/status`), 'deployed')
}

async function untilOver(ask: () => Promise<Answer>, wanted: string): Promise<void> {
  const deadline = performance.now() + 120_000
  for (;;) {
    const answer = await ask()
    if (answer.status === wanted) return
    assert.doesNotMatch(answer.status, /failed|cancel/i, JSON.stringify(answer))
    assert.ok(performance.now() < deadline, JSON.stringify(answer))
    await sleep(50)
  }
}

function importedFields() {
  return Array.from({ length: importedTotal }, (_, n) => ({ n, group: `g${n % 5}` }))
}

function vectorOf(n: number): number[] {
  return Array.from({ length: dimensions }, (_, i) => Math.sin(n * 7 + i * (n % 11)) + 1.5)
}

/** Of every document of a collection its own fields, by `n`. */
async function fieldsOf(client: Client, collectionId: string): Promise<Answer[]> {
  const path = `/v1/collections/${collectionId}/documents/list?limit=1000`
  const { results } = await client.call<Answer>('POST', path, { select: ['n', 'group'] })
  return results
    .map(({ n, group }: Answer) => ({ n, group }))
    .toSorted((a: Answer, b: Answer) => a.n - b.n)
}

/** The engine's collections, by their folders: no API shows one that nothing points at. */
async function generationsOf(folder: string): Promise<string[]> {
  return await readdir(join(folder, 'qdrant', 'collections'))
}

interface Reader {
  /** From now on a connection that breaks is no fault. */
  expectEnd(): void
  /** The first fault, if there was one. */
  stop(): Promise<string | null>
}

/** Counts and searches the imported documents without a pause: they are there at every moment. */
function startReader(client: Client, { imported }: Place): Reader {
  let isOver = false
  let fault: string | null = null
  async function read(i: number): Promise<void> {
    const value = vectorOf(i % importedTotal)
    const query = { input_mode: 'vector', value }
    const searches = [{ feature_uri: 'own', query, top_k: 10 }]
    const config = { stage_id: 'feature_search', parameters: { searches, final_top_k: 10 } }
    const { documents } = await client.call<Answer>('POST', '/v1/retrievers/execute', {
      collection_identifiers: [imported],
      stages: [{ stage_name: 'search', config }],
      inputs: {},
    })
    assert.equal(documents.length, 10, 'hits of a search')
    const filters = { AND: [{ field: 'group', operator: 'eq', value: 'g1' }] }
    const path = `/v1/collections/${imported}/documents/list?limit=1000`
    const { results } = await client.call<Answer>('POST', path, { filters })
    assert.equal(results.length, importedTotal / 5, 'documents of a list')
  }
  async function run(): Promise<void> {
    for (let i = 0; !isOver; i++) {
      try {
        await read(i)
      } catch (error) {
        const isCut = isOver && error instanceof TypeError
        if (!isCut) fault ??= String(error)
        return
      }
    }
  }
  const running = run()
  return {
    expectEnd() {
      isOver = true
    },
    async stop() {
      isOver = true
      await running
      return fault
    },
  }
}
