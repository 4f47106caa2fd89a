import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { openClient, type Client } from '../../src/cli/demo/client.ts'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import type { Answer } from '../support/server.ts'

// Real processes, killed without a word while an index makes itself. What each may have left at every single call
// stands in advise-indexes.test.ts; here the kill comes at any moment, with the database and the engine under it.

/** In soak twenty; `NACRE_KILL_SEED` replays those of a run. */
const moments = process.env['NACRE_PROPERTY_RUNS'] === undefined ? 2 : 20
const seed = Number(process.env['NACRE_KILL_SEED'] ?? 5)
const documentsTotal = 2_000
const groups = 100

const settings = {
  NACRE_INDEX_FILTERS_MIN: '20',
  NACRE_INDEX_MEASURE_MS: '300',
  NACRE_INDEX_REPLAY_MS: '1000',
  NACRE_USAGE_FLUSH_MS: '50',
  NACRE_QUERY_SAMPLES_MAX: '4',
}

interface Place {
  namespaceId: string
  collectionId: string
}

describe('a server that is killed while an index makes itself', () => {
  let folder: string
  let place: Place
  let makingMs: number

  before(async () => {
    Object.assign(process.env, settings)
    folder = await mkdtemp(join(tmpdir(), 'nacre-kill-'))
    {
      await using fresh = await started(join(folder, 'before'))
      place = await fill(fresh.client)
    }
    await using whole = await started(await copyOf('whole'))
    const begin = await makeHot(whole, place)
    await whole.reached(ends)
    makingMs = performance.now() - begin
  })
  after(async () => {
    for (const name of Object.keys(settings)) delete process.env[name]
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  })

  const thousandths = fc.noBias(fc.integer({ min: 0, max: 1_100 }))
  for (const share of fc.sample(thousandths, { seed, numRuns: moments })) {
    test(`one decision ends, and the engine has what it says, at ${share} ‰ of its time`, async (t) => {
      const copy = await copyOf(`at ${share}`)
      {
        await using first = await started(copy)
        await makeHot(first, place)
        await sleep((share / 1_000) * makingMs)
        process.kill(first.server.pid, 'SIGKILL')
      }
      await using second = await started(copy)

      await assertRight(second.client, place)
      const state = await settled(second, place)

      t.diagnostic(`ended as ${state}`)
      await assertRight(second.client, place)
      await second.client.call('POST', `/v1/collections/${place.collectionId}/documents`, {
        n: 0.5,
        group: 'g1',
      })
      const found = await list(second.client, place, { field: 'n', operator: 'lt', value: 1 })
      assert.deepEqual(new Set(found.map(({ n }) => n)), new Set([0, 0.5]))
      const { payload_indexes: indexes } = await namespaceOf(second.client, place)
      const own = indexes.filter(({ origin }: Answer) => origin === 'auto')
      assert.ok(own.length <= 1 && own.every((one: Answer) => one.state === 'active'))
      assert.equal(own.length === 1, state === 'active')
    })
  }

  async function copyOf(name: string): Promise<string> {
    const copy = join(folder, name)
    await cp(join(folder, 'before'), copy, { recursive: true })
    return copy
  }
})

const ends = ['active', 'reverted', 'declined', 'failed']

interface Running extends AsyncDisposable {
  server: ServerProcess
  client: Client
  /** States that the log told of. */
  states: string[]
  /** Waits for one of these states. */
  reached(wanted: readonly string[]): Promise<string>
}

async function started(folder: string): Promise<Running> {
  const states: string[] = []
  const onLog = (line: string) => {
    const { msg, state }: Answer = JSON.parse(line)
    if (msg === 'a decision about a payload index') states.push(state)
  }
  const server = await startServerProcess(folder, { logLevel: 'info', onLog })
  const client = openClient(server.url, server.key)
  const { results } = await client.call<Answer>('POST', '/v1/namespaces/list', {})
  const id = results[0]?.namespace_id
  return {
    server,
    client: id === undefined ? client : client.within(id),
    states,
    async reached(wanted) {
      const deadline = performance.now() + 60_000
      for (;;) {
        const state = states.find((one) => wanted.includes(one))
        if (state !== undefined) return state
        assert.ok(performance.now() < deadline, `reached in time: ${states.join(', ')}`)
        await sleep(20)
      }
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function fill(client: Client): Promise<Place> {
  const { namespace_id: namespaceId } = await client.call<Answer>('POST', '/v1/namespaces', {
    namespace_name: 'killed',
    vectors: { own: { dimensions: 2 } },
    auto_create_indexes: true,
  })
  const within = client.within(namespaceId)
  const { bucket_id: bucketId } = await within.call<Answer>('POST', '/v1/buckets', {
    bucket_name: 'rows',
    bucket_schema: { properties: { n: { type: 'number' } } },
  })
  const { collection_id: collectionId } = await within.call<Answer>('POST', '/v1/collections', {
    collection_name: 'rows',
    source: { type: 'bucket', bucket_ids: [bucketId] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const rows = Array.from({ length: documentsTotal }, (_, n) => ({
    document_id: `given ${n}`,
    n,
    group: `g${n % groups}`,
    vectors: { own: [Math.cos(n), Math.sin(n)] },
  }))
  const path = `/v1/collections/${collectionId}/documents/import`
  const { written } = await within.sendLines<Answer>(path, rows)
  assert.equal(written, documentsTotal)
  return { namespaceId, collectionId }
}

/** Reads until the field is hot, and answers when that was written. */
async function makeHot(running: Running, place: Place): Promise<number> {
  for (let i = 0; i < 25; i++) {
    await list(running.client, place, {
      field: 'n',
      operator: 'gte',
      value: documentsTotal - 20 - i,
    })
  }
  await running.reached(['observed'])
  return performance.now()
}

/** The state that the decision ends in; where the first process had ended it, the namespace tells. */
async function settled(running: Running, place: Place): Promise<string> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const { payload_indexes: indexes } = await namespaceOf(running.client, place)
    const index = indexes.find(({ origin }: Answer) => origin === 'auto')
    const told = running.states.findLast((one) => ends.includes(one))
    if (told !== undefined) return told
    // Nothing to begin again: it stands since before the kill, or is gone since before the kill.
    if (running.states.length === 0 && (await isQuiet(running)))
      return index ? 'active' : 'reverted'
    assert.ok(performance.now() < deadline, `settled in time: ${running.states.join(', ')}`)
    await sleep(50)
  }
}

/** Longer than a start needs for its checks. */
async function isQuiet({ states }: Running): Promise<boolean> {
  await sleep(5_000)
  return states.length === 0
}

async function assertRight(client: Client, place: Place): Promise<void> {
  const found = await list(client, place, { field: 'n', operator: 'lt', value: 10 })
  assert.equal(found.filter(({ n }) => Number.isInteger(n)).length, 10)
  const group = await list(client, place, { field: 'group', operator: 'eq', value: 'g7' })
  assert.equal(group.length, documentsTotal / groups)
}

async function list(client: Client, { collectionId }: Place, leaf: object): Promise<Answer[]> {
  const path = `/v1/collections/${collectionId}/documents/list?limit=1000`
  const { results } = await client.call<Answer>('POST', path, { filters: { AND: [leaf] } })
  return results
}

async function namespaceOf(client: Client, { namespaceId }: Place): Promise<Answer> {
  return await client.call<Answer>('GET', `/v1/namespaces/${namespaceId}`)
}
