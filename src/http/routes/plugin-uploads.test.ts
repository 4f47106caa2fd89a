import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn, openAsk, type Ask } from '../../../test/support/asked.ts'
import { manifestOf, noPlugins, packPlugin, pipelineOf } from '../../../test/support/plugins.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'
import {
  addPlugin,
  formOf,
  lengthPlugin,
  type Upload,
} from '../../../test/support/upload-plugin.ts'

const skip = await noPlugins()
let server: TestServer
let ask: Ask
let ns: string

before(async () => {
  server = await startTestServer({
    NACRE_PLUGIN_ARCHIVE_BYTES_MAX: '20000',
    NACRE_PLUGIN_UPLOADS_MAX: '3',
  })
  ask = await openAsk(server)
  ns = await newNamespace('films')
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

async function newNamespace(name: string): Promise<string> {
  const made = await server.call('POST', '/v1/namespaces', { namespace_name: name })
  return made.namespace_id
}

async function send(upload: Upload, namespace = ns, headers: Record<string, string> = {}) {
  const form = await formOf(upload)
  const response = await server.fetch(`/v1/namespaces/${namespace}/plugins`, {
    method: 'POST',
    body: form.body,
    headers: { ...form.headers, ...headers },
  })
  const answer: Answer = await response.json()
  return { status: response.status, answer }
}

const begin = 'POST /v1/namespaces/{}/plugins/uploads'
const confirm = 'POST /v1/namespaces/{}/plugins/uploads/{}/confirm'

async function begun(name: string, more: Record<string, unknown> = {}): Promise<Answer> {
  const { answer } = await ask(begin, { path: [ns], body: { name, version: 'v1', ...more } })
  return answer
}

async function put(url: string, body: Uint8Array): Promise<Response> {
  return await fetch(url, {
    method: 'PUT',
    body: Buffer.from(body),
    headers: { 'content-type': 'application/zip' },
  })
}

describe('POST /v1/namespaces/{}/plugins', { skip }, () => {
  test('200 for a plugin that passes, with its id, its URI and the step that comes next', async () => {
    const answer = await addPlugin(server, ns, 'lengths')

    assert.equal(answer.success, true)
    assert.equal(answer.plugin_id, 'lengths_1_0_0')
    assert.equal(answer.validation_status, 'passed')
    assert.deepEqual(answer.validation_errors, [])
    assert.equal(answer.deployment_status, 'pending')
    assert.equal(answer.feature_uri, 'mixpeek://lengths@1.0.0/v')
    assert.match(answer.message, /lengths_1_0_0\/deploy/)
  })

  test('200 with every violation of the scan by file, line and column, and nothing of it has run', async () => {
    const files = {
      ...lengthPlugin('scanned'),
      'core.py': 'import subprocess\n\ndef f():\n    return eval("1")\n',
    }
    const answer = await addPlugin(server, ns, 'scanned', files)
    const { plugin } = await server.call('GET', `/v1/namespaces/${ns}/plugins/scanned_1_0_0`)

    assert.equal(answer.success, false)
    assert.equal(answer.validation_status, 'failed')
    assert.equal(answer.deployment_status, 'not_deployed')
    assert.equal(answer.validation_errors[0], 'core.py:1:0: Forbidden import: subprocess')
    assert.match(answer.validation_errors[1], /^core\.py:4:11: .*eval/)
    assert.equal(plugin.security_scan_passed, false)
  })

  test('200 failed with the exact difference where a probe row comes out otherwise than declared', async () => {
    const short = pipelineOf('batch["v"] = [[1.0, 2.0]] * len(batch)')
    const other = pipelineOf('batch["vector"] = [[1.0, 2.0, 3.0, 4.0]] * len(batch)')
    const wrong = await addPlugin(server, ns, 'short', {
      'manifest.py': manifestOf('short'),
      'pipeline.py': short,
    })
    const named = await addPlugin(server, ns, 'named', {
      'manifest.py': manifestOf('named'),
      'pipeline.py': other,
    })

    assert.equal(wrong.validation_status, 'failed')
    assert.match(wrong.validation_errors.join(), /v has 2 dimensions, the manifest declares 4/)
    assert.equal(named.validation_status, 'failed')
    assert.match(named.validation_errors.join(), /'v' is declared but no step wrote.*vector/)
  })

  test('200 failed where name and version are not those of the manifest, each with both', async () => {
    const archive = packPlugin(lengthPlugin('inside'))
    const { answer } = await send({ name: 'outside', version: '1.1', archive })

    assert.deepEqual(answer.validation_errors, [
      "feature_extractor_name 'inside' differs from the uploaded name 'outside'",
      'version 1.0.0 differs from the uploaded version 1.1.0',
    ])
  })

  test('a name that only running the manifest tells is held to the upload when it runs', async () => {
    const computed = manifestOf('computed').replaceAll('"computed"', '"".join(["comp", "uted"])')
    const files = { ...lengthPlugin('computed'), 'manifest.py': computed }
    const right = await addPlugin(server, ns, 'computed', files)
    const wrong = await addPlugin(server, ns, 'calculated', files)

    assert.deepEqual([right.validation_status, right.validation_errors], ['passed', []])
    assert.equal(wrong.validation_status, 'failed')
    assert.deepEqual(wrong.validation_errors, [
      "feature_extractor_name 'computed' differs from the uploaded name 'calculated'",
    ])
  })

  test('a plugin that failed is replaced by the next upload, one that passed is 409', async () => {
    const manifest = { 'manifest.py': manifestOf('mended') }
    const bad = await addPlugin(server, ns, 'mended', { ...manifest, 'pipeline.py': 'x = 1\n' })
    const good = await addPlugin(server, ns, 'mended')
    const archive = packPlugin(lengthPlugin('mended'))
    const again = await send({ name: 'mended', version: 'v1', archive })

    assert.equal(bad.validation_status, 'failed')
    assert.match(bad.validation_errors.join(), /pipeline\.py defines none of build_steps/)
    assert.equal(good.validation_status, 'passed')
    assert.equal(again.status, 409)
    assert.equal(again.answer.error.type, 'AlreadyExistsError')
  })

  test('of uploads of one version at the same time one is taken, the others are 409', async () => {
    const archive = packPlugin(lengthPlugin('raced'))
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => send({ name: 'raced', version: '1', archive })),
    )
    const list = await server.call('GET', `/v1/namespaces/${ns}/plugins`)

    const statuses = answers.map(({ status }) => status)
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [200, 409, 409],
    )
    assert.equal(list.plugins.filter(({ name }: Answer) => name === 'raced').length, 1)
  })

  test('422 names each wrong field; a name with - is told the one with _', async () => {
    const archive = packPlugin(lengthPlugin('fields'))
    const { status, answer } = await send({ name: 'my-plugin', version: 'latest', archive })
    const missing = await send({ archive })
    const fileless = await send({ name: 'fileless', version: '1.0.0' })
    const long = await send({ name: 'wordy', version: '1', description: 'x'.repeat(501), archive })

    assert.equal(status, 422)
    assert.match(faultsIn(answer)[0] ?? '', /^body\.name: .*did you mean 'my_plugin'/)
    assert.match(faultsIn(answer)[1] ?? '', /^body\.version: .*X\.Y\.Z/)
    assert.deepEqual(faultsIn(missing.answer), [
      'body.name: name is missing',
      'body.version: version is missing',
    ])
    assert.deepEqual(faultsIn(fileless.answer), ['body.file: file is missing'])
    assert.match(faultsIn(long.answer)[0] ?? '', /^body\.description: .*501/)
  })

  test('400 for what is no archive, and for one without pipeline.py; neither leaves a row', async () => {
    const before = await server.call('GET', `/v1/namespaces/${ns}/plugins`)
    const text = await send({ name: 'textual', version: '1', archive: Buffer.from('hello') })
    const half = packPlugin({ 'manifest.py': manifestOf('half') })
    const lacking = await send({ name: 'half', version: '1', archive: half })
    const list = await server.call('GET', `/v1/namespaces/${ns}/plugins`)

    assert.equal(text.status, 400)
    assert.equal(text.answer.error.type, 'BadRequestError')
    assert.equal(lacking.status, 400)
    assert.match(lacking.answer.error.message, /pipeline\.py not found at the archive root/)
    assert.equal(list.total, before.total)
  })

  test('413 beyond the archive limit, 415 for another content type', async () => {
    const archive = Buffer.alloc(20_001, 1)
    const large = await send({ name: 'large', version: '1', archive })
    const response = await server.fetch(`/v1/namespaces/${ns}/plugins`, {
      method: 'POST',
      body: { name: 'json' },
    })

    assert.equal(large.status, 413)
    assert.match(large.answer.error.message, /NACRE_PLUGIN_ARCHIVE_BYTES_MAX/)
    assert.equal(response.status, 415)
  })

  test('403 for a key that may only read, 404 for an unknown namespace', async () => {
    const archive = packPlugin(lengthPlugin('guarded'))
    const reader = await addKey(server, 'read')
    const given = { name: 'guarded', version: '1', archive }

    const forbidden = await send(given, ns, { authorization: `Bearer ${reader}` })
    const unknown = await send(given, 'ns_none')

    assert.deepEqual([forbidden.status, unknown.status], [403, 404])
  })
})

describe('a signed upload', { skip }, () => {
  test('goes announce, PUT without a key, confirm; confirming again answers the same plugin', async () => {
    const archive = packPlugin(lengthPlugin('signed'))
    const upload = await begun('signed', { file_size_bytes: archive.length })
    const sent = await put(upload.presigned_url, archive)
    const etag = sent.headers.get('etag')
    const body = { etag, file_size_bytes: archive.length }
    const path = [ns, upload.upload_id]

    const first = await ask(confirm, { path, body })
    const again = await ask(confirm, { path })

    assert.match(upload.upload_id, /^upl_[a-zA-Z0-9_-]+$/)
    assert.equal(upload.version, '1.0.0')
    assert.equal(upload.namespace_id, ns)
    assert.equal(sent.status, 200)
    assert.match(etag ?? '', /^"[0-9a-f]{64}"$/)
    assert.equal(first.status, 200)
    assert.equal(first.answer.plugin_id, 'signed_1_0_0')
    assert.equal(first.answer.validation_status, 'passed')
    assert.equal(first.answer.upload_id, upload.upload_id)
    assert.deepEqual(again.answer, first.answer)
  })

  test('takes one archive: the same again is fine, another is 403', async () => {
    const archive = packPlugin(lengthPlugin('once'))
    const upload = await begun('once')

    const statuses: number[] = []
    for (const body of [archive, archive, packPlugin(lengthPlugin('twice'))])
      statuses.push((await put(upload.presigned_url, body)).status)
    const { answer } = await ask(confirm, { path: [ns, upload.upload_id] })

    assert.deepEqual(statuses, [200, 200, 403])
    assert.equal(answer.validation_status, 'passed')
  })

  test('is 403 for a URL that was changed in any part, or whose time is up', async () => {
    const upload = await begun('tampered')
    const url = new URL(upload.presigned_url)
    const changed = {
      signature: (u: URL) => u.searchParams.set('signature', 'AAAA'),
      expires: (u: URL) => u.searchParams.set('expires', '99999999999'),
      upload: (u: URL) => (u.pathname = u.pathname.replace(/upl_\w+/, 'upl_0000000000000000')),
      past: (u: URL) => u.searchParams.set('expires', '1'),
    }
    for (const [what, change] of Object.entries(changed)) {
      const other = new URL(url)
      change(other)
      const { status } = await put(other.href, Buffer.from('x'))
      assert.equal(status, 403, what)
    }
    const bare = await put(url.href.split('?')[0] ?? '', Buffer.from('x'))
    assert.equal(bare.status, 422)
    await put(upload.presigned_url, packPlugin(lengthPlugin('tampered')))
    await ask(confirm, { path: [ns, upload.upload_id] })
  })

  test('is confirmed only with what came: 404 without an archive, 400 for another etag or size', async () => {
    const archive = packPlugin(lengthPlugin('checked'))
    const upload = await begun('checked')
    const path = [ns, upload.upload_id]

    const early = await ask(confirm, { path })
    await put(upload.presigned_url, archive)
    const etag = await ask(confirm, { path, body: { etag: '"abc"' } })
    const size = await ask(confirm, { path, body: { file_size_bytes: 3 } })
    const unknown = await ask(confirm, { path: [ns, 'upl_none'] })
    const foreign = await ask(confirm, { path: [await newNamespace('foreign'), path[1] ?? ''] })
    const right = await ask(confirm, { path, body: { etag: null, file_size_bytes: null } })

    assert.equal(early.status, 404)
    assert.match(early.answer.error.details.hint, /PUT/)
    assert.deepEqual(
      [etag.status, size.status, unknown.status, foreign.status],
      [400, 400, 404, 404],
    )
    assert.match(size.answer.error.message, new RegExp(`3 bytes; ${archive.length} came`))
    assert.equal(right.status, 200)
  })

  test('begins only for what may be added: 409 for a taken version, 422 beyond the size, 403 beyond the count', async () => {
    const path = [await newNamespace('crowded')]
    await addPlugin(server, path[0] ?? '', 'taken')
    const taken = await ask(begin, { path, body: { name: 'taken', version: '1.0' } })
    const large = { name: 'large', version: '1', file_size_bytes: 20_001 }
    const tooLarge = await ask(begin, { path, body: large })
    const statuses: number[] = []
    for (const name of ['one', 'two', 'three', 'four']) {
      const body = { name: `open_${name}`, version: '1', presigned_url_expiration: 60 }
      statuses.push((await ask(begin, { path, body })).status)
    }

    assert.equal(taken.status, 409)
    assert.equal(tooLarge.status, 422)
    assert.match(faultsIn(tooLarge.answer)[0] ?? '', /^body\.file_size_bytes/)
    assert.deepEqual(statuses, [200, 200, 200, 403])
  })

  test('answers the archive as it was, by a signed URL without a key', async () => {
    const archive = packPlugin(lengthPlugin('fetched'))
    const { body, headers } = await formOf({ name: 'fetched', version: '1', archive })
    const path = `/v1/namespaces/${ns}/plugins`
    await server.fetch(path, { method: 'POST', body, headers })
    const one = await server.call('GET', `${path}/fetched_v1?return_presigned_urls=true`)
    const plain = await server.call('GET', `${path}/fetched_v1`)

    const response = await fetch(one.presigned_download_url)
    const head = await fetch(one.presigned_download_url, { method: 'HEAD' })
    const forged = await fetch(one.presigned_download_url.replace(/signature=./, 'signature='))

    assert.equal(plain.presigned_download_url, null)
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), archive)
    assert.match(response.headers.get('content-disposition') ?? '', /"fetched_1_0_0\.tar\.gz"/)
    assert.equal(head.headers.get('content-length'), String(archive.length))
    assert.equal(forged.status, 403)
  })
})

test('without a Python that runs plugins an upload is 503 and says what to install; the rest works', async () => {
  await using bare = await startTestServer({ NACRE_PYTHON: '/nowhere/python3' })
  const { namespace_id } = await bare.call('POST', '/v1/namespaces', { namespace_name: 'bare' })
  const archive = packPlugin(lengthPlugin('unrun'))
  const { body, headers } = await formOf({ name: 'unrun', version: '1', archive })
  const path = `/v1/namespaces/${namespace_id}/plugins`

  const response = await bare.fetch(path, { method: 'POST', body, headers })
  const { error }: Answer = await response.json()
  const list = await bare.call('GET', path)

  assert.equal(response.status, 503)
  assert.match(error.message, /Python/)
  assert.equal(list.total, 0)
})
