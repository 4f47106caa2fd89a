import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runNacre, startNacre, type Finished } from '../support/process.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const documentsTotal = 4_000
const filtersTotal = 110
const decidedWithinMs = 60_000

describe('nacre indexes', () => {
  let server: TestServer
  let reach: Record<string, string>
  before(async () => {
    // What takes up to a minute in a product, in a test's time.
    server = await startTestServer({
      NACRE_USAGE_FLUSH_MS: '300',
      NACRE_INDEX_MEASURE_MS: '1000',
      // Other tests run beside.
      NACRE_INDEX_LOSS_PERCENT_MAX: '1000',
    })
    reach = { NACRE_URL: server.url, NACRE_ADMIN_KEY: server.key }
  })
  after(() => server[Symbol.asyncDispose]())

  const run = (...args: string[]): Promise<Finished> => runNacre(['indexes', ...args], reach)

  test('without a namespace, and of one where nothing happened, says so', async () => {
    const none = await run()
    await server.call('POST', '/v1/namespaces', { namespace_name: 'empty', ...passthrough })
    const empty = await run()

    assert.equal(none.status, 2)
    assert.match(none.stderr, /There is no namespace yet/)
    assert.equal(empty.status, 0, empty.stderr)
    assert.match(empty.stdout, /auto_create_indexes is off/)
    assert.match(empty.stdout, /No read named a field/)
  })

  test('shows decisions as they happen, why they are so, and takes one back', async () => {
    const documents = await shop('shop')
    const watching = startNacre(['indexes', '--namespace', 'shop', '--watch', '--json'], reach)
    const { states: steps, begun } = watch(watching.stdout)

    await begun
    await filter(documents)
    const seen = await until(steps, 'active')
    watching.kill('SIGINT')
    const [status] = await once(watching, 'close')

    assert.equal(status, 0)
    assert.deepEqual(seen, ['observed', 'candidate', 'censused', 'building', 'verifying', 'active'])

    const shown = await run('--namespace', 'shop')
    assert.equal(shown.status, 0, shown.stderr)
    assert.match(shown.stdout, /auto_create_indexes is on/)
    assert.match(shown.stdout, /brand +\d+ +keyword +itself +active/)
    assert.match(shown.stdout, /Saved \d+ % of the time/)
    const id = /--undo (dec_\w+)/.exec(shown.stdout)?.[1] ?? ''

    const undone = await run('--namespace', 'shop', '--undo', id)
    assert.equal(undone.status, 0, undone.stderr)
    assert.match(undone.stdout, /^✓ The decision about 'brand' is undone/)
    const { payload_indexes: indexes } = await server.call('GET', '/v1/namespaces/shop')
    assert.ok(!indexes.some((index: { field_name: string }) => index.field_name === 'brand'))

    const again = await run('--namespace', 'shop', '--undo', id)
    assert.equal(again.status, 5)
    assert.match(again.stderr, /^nacre: .*undone/)
  })

  test('--json prints one document with everything', async () => {
    const report = JSON.parse((await run('--namespace', 'shop', '--json')).stdout)

    assert.equal(report.namespace.name, 'shop')
    assert.equal(report.decisions[0].field_name, 'brand')
    assert.equal(report.decisions[0].state, 'undone')
    assert.equal(report.suggestions[0].field_name, 'brand')
  })

  test('wrong use exits 2, what is not there 4; each says what is wrong', async () => {
    const both = await run('--namespace', 'shop', '--undo', 'dec_1', '--watch')
    const several = await run()
    const namespace = await run('--namespace', 'absent')
    const decision = await run('--namespace', 'shop', '--undo', 'dec_absent')

    assert.equal(both.status, 2)
    assert.match(both.stderr, /leave --watch and --check out/)
    assert.equal(several.status, 2)
    assert.match(several.stderr, /several namespaces/)
    assert.equal(namespace.status, 4)
    assert.match(namespace.stderr, /'absent' does not exist/)
    assert.equal(decision.status, 4)
    assert.match(decision.stderr, /'dec_absent' does not exist/)
  })

  test('--check begins a check, and says how to see what comes of it', async () => {
    const { status, stdout, stderr } = await run('--namespace', 'shop', '--check')

    assert.equal(status, 0, stderr)
    assert.match(stdout, /✓ The check begins.*\n.*nacre indexes --namespace shop --watch/)
  })

  /** Path of the documents of a namespace whose indexes make themselves. */
  async function shop(name: string): Promise<string> {
    const made = { namespace_name: name, auto_create_indexes: true, ...passthrough }
    await server.call('POST', '/v1/namespaces', made)
    const at = `/v1/namespaces/${name}`
    await server.call('POST', `${at}/buckets`, { name: 'none' })
    const { collection_id: collection } = await server.call('POST', `${at}/collections`, {
      name: 'things',
      source: { type: 'bucket', bucket_id: 'none' },
      feature_extractor: passthrough.feature_extractors[0],
    })
    const path = `${at}/collections/${collection}/documents`
    const lines = Array.from({ length: documentsTotal }, (_, i) =>
      JSON.stringify({ brand: `brand ${i % 200}`, n: i, text: 'x'.repeat(100) }),
    )
    const answer = await server.fetch(`${path}/import`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    })
    assert.equal(answer.status, 200)
    return path
  }

  async function filter(documents: string): Promise<void> {
    for (let i = 0; i < filtersTotal; i++) {
      const filters = { AND: [{ field: 'brand', operator: 'eq', value: `brand ${i % 20}` }] }
      await server.call('POST', `${documents}/list`, { filters, limit: 100 })
    }
  }
})

const passthrough = {
  feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
}

/** States in the order in which they were printed; `begun` when the report is, before what happens from then on. */
function watch(stdout: NodeJS.ReadableStream | null): { states: string[]; begun: Promise<void> } {
  const states: string[] = []
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  assert.ok(stdout)
  createInterface({ input: stdout }).on('line', (line) => {
    resolve()
    const { to } = JSON.parse(line) as { to?: string | null }
    if (to) states.push(to)
  })
  return { states, begun }
}

async function until(states: readonly string[], state: string): Promise<readonly string[]> {
  const deadline = Date.now() + decidedWithinMs
  while (!states.includes(state) && Date.now() < deadline) await sleep(100)
  return states
}
