import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { findNamespace } from '../../src/domain/namespaces/find-namespace.ts'
import { readFirstOrganization } from '../../src/store/organizations.ts'
import { declarePlugin } from '../support/declared-plugin.ts'
import { runNacre, type Finished } from '../support/process.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

describe('nacre reconfigure', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server[Symbol.asyncDispose]())

  const run = (...args: string[]): Promise<Finished> =>
    runNacre(['reconfigure', ...args], { NACRE_URL: server.url, NACRE_ADMIN_KEY: server.key })

  test('without a namespace says so, and --undo without a reconfigure is refused', async () => {
    const none = await run('--dry-run')
    await garden('only')
    const early = await run('--undo')

    assert.equal(none.status, 2)
    assert.match(none.stderr, /There is no namespace yet/)
    assert.notEqual(early.status, 0)
    assert.match(early.stderr, /^nacre: /)
  })

  test('--dry-run shows the plan as a table, vector by vector, and changes nothing', async () => {
    const collection = await garden('plan', 'flowers_embedding')

    const { status, stdout, stderr } = await run('plan', '--dry-run')

    assert.equal(status, 0, stderr)
    const table = stdout.replace(/ +/g, ' ').split('\n')
    for (const line of [
      "Namespace 'plan':",
      ' vector shape recreate',
      ' text_extractor_v1_embedding 512 cosine kept',
      ' flowers_embedding 8 cosine added',
      ' documents 2',
      ' deleted 2',
      ` to trigger again ${collection}`,
    ])
      assert.ok(table.includes(line), `${line} in\n${stdout}`)
    assert.equal(await documentCount('plan'), 2)
    assert.match((await run('plan', '--dry-run', '--online')).stdout, /deleted +0/)
  })

  test('documents go only with --yes where nobody can be asked; --undo brings them back', async () => {
    const collection = await garden('rebuilt', 'flowers_embedding')

    const refused = await run('rebuilt')
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /2 documents will be missing.*\n {2}→ --yes goes on; --online/)
    assert.equal(await documentCount('rebuilt'), 2)

    const done = await run('rebuilt', '--yes')
    assert.equal(done.status, 0, done.stderr)
    assert.match(done.stdout, /✓ Qdrant collection reconfigured with 1 new vector\(s\)/)
    assert.match(done.stdout, new RegExp(`→ POST \\S+/collections/${collection}/trigger`))
    assert.match(done.stdout, /→ nacre reconfigure rebuilt --undo, until 20/)
    assert.equal(await documentCount('rebuilt'), 0)

    const undone = await run('rebuilt', '--undo')
    assert.equal(undone.status, 0, undone.stderr)
    assert.match(undone.stdout, /✓ Reconfigure \S+ was undone/)
    assert.equal(await documentCount('rebuilt'), 2)
  })

  test('--online keeps every document, and a second time there is nothing to do', async () => {
    await garden('live', 'flowers_embedding')

    const first = await run('live', '--online')
    const second = await run('live', '--online')

    assert.equal(first.status, 0, first.stderr)
    assert.match(first.stdout, /✓ Qdrant collection reconfigured online with 1 new vector/)
    assert.equal(await documentCount('live'), 2)
    assert.equal(second.status, 0, second.stderr)
    assert.match(second.stdout, /✓ .*nothing was changed/)
  })

  test('--json prints the answer alone', async () => {
    await garden('machine', 'flowers_embedding')

    const plan = JSON.parse((await run('machine', '--online', '--dry-run', '--json')).stdout)
    const answer = JSON.parse((await run('machine', '--online', '--json')).stdout)

    assert.equal(plan.dry_run, true)
    assert.deepEqual(answer.vectors_added, ['flowers_embedding'])
    assert.equal(answer.status, 'reconfigured')
  })

  test('wrong use exits 2, an unknown namespace 4, an unknown key 3; each says what is wrong', async () => {
    const both = await run('live', '--online', '--undo')
    const several = await run('--dry-run')
    const unknown = await run('absent', '--dry-run')
    const stranger = await runNacre(['reconfigure', 'live'], {
      NACRE_URL: server.url,
      NACRE_ADMIN_KEY: 'sk_nobody_has_this_key_0',
    })

    assert.equal(both.status, 2)
    assert.match(both.stderr, /--online and --undo are different ways/)
    assert.equal(several.status, 2)
    assert.match(several.stderr, /several namespaces/)
    assert.equal(unknown.status, 4)
    assert.match(unknown.stderr, /'absent' does not exist/)
    assert.equal(stranger.status, 3)
  })

  /** A namespace with two documents, and a deployed plugin whose vector it lacks. Answers the collection's id. */
  async function garden(name: string, vector?: string): Promise<string> {
    await server.call('POST', '/v1/namespaces', {
      namespace_name: name,
      feature_extractors: ['text_extractor', 'passthrough_extractor'].map((extractor) => ({
        feature_extractor_name: extractor,
        version: 'v1',
      })),
    })
    const at = `/v1/namespaces/${name}`
    await server.call('POST', `${at}/buckets`, { name: 'notes' })
    const { collection_id: collection } = await server.call('POST', `${at}/collections`, {
      name: 'notes',
      source: { type: 'bucket', bucket_id: 'notes' },
      feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
    })
    for (const note of ['roses', 'olives'])
      await server.call('POST', `${at}/buckets/notes/objects`, { note })
    const batch = await server.call('POST', `${at}/buckets/notes/batches/trigger`, {})
    for (;;) {
      const { status } = await server.call('GET', `/v1/tasks/${batch.task_id}`)
      if (status === 'COMPLETED') break
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    if (vector !== undefined) await deploy(name, vector)
    return collection
  }

  async function deploy(name: string, vector: string): Promise<void> {
    const { ports } = server
    const organization = await readFirstOrganization(ports.db)
    const namespace = await findNamespace(ports, organization?.id ?? '', name)
    const features = [{ name: vector, dimensions: 8 }]
    await declarePlugin(ports, namespace, { name: 'flowers' }, features)
  }

  async function documentCount(name: string): Promise<number> {
    return (await server.call('GET', `/v1/namespaces/${name}`)).document_count
  }
})
