import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runNacre } from '../support/process.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

describe('nacre plugin push', () => {
  let server: TestServer
  let folder: string
  const push = (path: string, ...flags: string[]) =>
    runNacre(['plugin', 'push', path, ...flags], {
      NACRE_URL: server.url,
      NACRE_ADMIN_KEY: server.key,
    })

  before(async () => {
    server = await startTestServer()
    folder = join(await mkdtemp(join(tmpdir(), 'nacre-push-')), 'my_embed')
    await runNacre(['plugin', 'init', folder])
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 20 })
  })

  test('without a namespace says so; with one it uploads, deploys, and is done again with nothing to do', async () => {
    const early = await push(folder)
    const { namespace_id: id } = await server.call('POST', '/v1/namespaces', {
      namespace_name: 'garden',
    })
    const first = await push(folder)
    const again = await push(folder)

    assert.equal(early.status, 2)
    assert.match(early.stderr, /There is no namespace yet/)
    assert.equal(first.status, 0, first.stdout + first.stderr)
    assert.match(first.stdout, /my_embed_1_0_0 is uploaded to 'garden': validation passed/)
    assert.match(first.stdout, /✓ It is deployed and an extractor of 'garden'\.$/m)
    const { plugin } = await server.call('GET', `/v1/namespaces/${id}/plugins/my_embed_1_0_0`)
    assert.equal(plugin.deployed, true)
    assert.equal(again.status, 0, again.stderr)
    assert.match(again.stdout, /is in 'garden' already, with these files/)
  })

  test('names the reconfigure where the namespace has documents', async () => {
    await server.call('POST', '/v1/namespaces', {
      namespace_name: 'full',
      feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
    })
    const at = '/v1/namespaces/full'
    await server.call('POST', `${at}/buckets`, { name: 'notes' })
    const collection = await server.call('POST', `${at}/collections`, {
      name: 'notes',
      source: { type: 'bucket', bucket_id: 'notes' },
      feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
    })
    const documents = `${at}/collections/${collection.collection_id}/documents`
    await server.call('POST', documents, { title: 'A note' })

    const { status, stdout, stderr } = await push(folder, '--namespace', 'full')

    assert.equal(status, 0, stderr)
    assert.match(stdout, /! The namespace lacks my_embed_embedding/)
    assert.match(stdout, /→ nacre reconfigure full --dry-run --online/)
  })

  test('other files under the same version are exit code 5, with the next version to give', async () => {
    const path = join(folder, 'pipeline.py')
    const text = await readFile(path, 'utf8')
    await writeFile(path, `${text}\n# changed\n`)
    const changed = await push(folder, '--namespace', 'garden')
    await writeFile(path, text)

    assert.equal(changed.status, 5)
    assert.match(changed.stderr, /with other files\.\n {2}→ .*manifest\.py: 1\.0\.1/)
  })

  test("what the server refuses is exit code 2 with the server's reasons, and is not deployed", async () => {
    const path = join(folder, 'manifest.py')
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace('1.0.0', '2.0.0').replace('64', '65'))
    await writeFile(
      join(folder, 'pipeline.py'),
      (await readFile(join(folder, 'pipeline.py'), 'utf8')).replace(
        /^DIMENSIONS = .*$/m,
        'DIMENSIONS = 64',
      ),
    )

    const { status, stdout } = await push(folder, '--namespace', 'garden')

    assert.equal(status, 2)
    assert.match(stdout, /✗ .*64 dimensions, the manifest declares 65/)
  })
})
