import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { faultsIn, openAsk, type Ask } from '../../../test/support/asked.ts'
import { manifestOf, noPlugins, packPlugin, pipelineOf } from '../../../test/support/plugins.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'
import { addOrganization } from '../../../test/support/tenant.ts'
import {
  addOrganizationPlugin,
  addPlugin,
  lengthPlugin,
} from '../../../test/support/upload-plugin.ts'

const skip = await noPlugins()
let server: TestServer
let ask: Ask
let ns: string
let otherNs: string
let theirKey: string

before(async () => {
  server = await startTestServer()
  ask = await openAsk(server)
  ns = await newNamespace('films')
  otherNs = await newNamespace('books')
  theirKey = await addOrganization(server.ports)
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

const base = '/v1/namespaces/{}/plugins'
const available = `GET ${base}/available`
const enable = `POST ${base}/org/{}/enable`
const disable = `POST ${base}/org/{}/disable`

async function newNamespace(name: string): Promise<string> {
  const made = await server.call('POST', '/v1/namespaces', { namespace_name: name })
  return made.namespace_id
}

async function extractorsOf(namespace: string): Promise<string[]> {
  const { feature_extractors } = await server.call('GET', `/v1/namespaces/${namespace}`)
  return feature_extractors.map((one: Answer) => one.feature_extractor_id)
}

/** Which of the organization's plugins the namespace has enabled. */
async function enabledIn(namespace: string): Promise<string[]> {
  const { answer } = await ask(available, { path: [namespace] })
  return answer.plugins
    .filter((one: Answer) => one.enabled_in_namespace)
    .map((one: Answer) => one.plugin_id)
}

describe('/v1/plugins', { skip }, () => {
  test('200: a plugin goes in by a signed URL, is listed and got, and is in no namespace yet', async () => {
    const added = await addOrganizationPlugin(server, 'shared')
    const { answer: list } = await ask('GET /v1/plugins')
    const { answer: one } = await ask('GET /v1/plugins/{}', { path: ['shared_v1'] })
    const { answer: inNamespace } = await ask(`GET ${base}`, { path: [ns] })
    const { answer: offered } = await ask(available, { path: [ns] })

    assert.equal(added.validation_status, 'passed')
    assert.match(added.message, /org\/shared_1_0_0\/enable/)
    assert.deepEqual(
      list.plugins.map((plugin: Answer) => [plugin.plugin_id, plugin.scope]),
      [['shared_1_0_0', 'organization']],
    )
    assert.equal(one.plugin.organization_id, list.organization_id)
    assert.equal(one.plugin.namespace_id, null)
    assert.deepEqual(inNamespace.plugins, [])
    assert.equal(offered.plugins[0].enabled_in_namespace, false)
    assert.equal(offered.namespace_id, ns)
  })

  test('404 for another organization, which may have one of the same name', async () => {
    const get = await ask('GET /v1/plugins/{}', { path: ['shared_1_0_0'], as: theirKey })
    const list = await ask('GET /v1/plugins', { as: theirKey })
    const remove = await ask('DELETE /v1/plugins/{}', { path: ['shared_1_0_0'], as: theirKey })
    const body = { name: 'shared', version: '1.0.0' }
    const begun = await ask('POST /v1/plugins/uploads', { body, as: theirKey })
    const twice = await ask('POST /v1/plugins/uploads', { body })

    assert.deepEqual([get.status, remove.status], [404, 404])
    assert.equal(list.answer.total, 0)
    assert.deepEqual([begun.status, twice.status], [200, 409])
    const path = [begun.answer.upload_id]
    assert.equal((await ask('POST /v1/plugins/uploads/{}/confirm', { path })).status, 404)
  })
})

describe('enabling in a namespace', { skip }, () => {
  test('200 deployed: the vectors are there, it is an extractor there and nowhere else', async () => {
    const { answer } = await ask(enable, { path: [ns, 'shared'], body: {} })
    const { answer: status } = await ask(`GET ${base}/{}/status`, { path: [ns, 'shared_1_0_0'] })
    const elsewhere = await ask(`GET ${base}/{}/status`, { path: [otherNs, 'shared_1_0_0'] })

    assert.equal(answer.success, true)
    assert.equal(answer.deployment_status, 'deployed')
    assert.equal(answer.feature_uri, 'mixpeek://shared@1.0.0/v')
    assert.equal(status.status, 'deployed')
    assert.equal(status.schema.complete, true)
    assert.equal(elsewhere.status, 404)
    assert.deepEqual(await extractorsOf(ns), ['shared_1_0_0'])
    assert.deepEqual(await extractorsOf(otherNs), [])
    assert.deepEqual(await enabledIn(ns), ['shared_1_0_0'])
    assert.deepEqual(await enabledIn(otherNs), [])
  })

  test('200 skipped without deploying, and deployed later by the deploy of the namespace', async () => {
    const { answer } = await ask(enable, { path: [otherNs, 'shared'], body: { deploy: false } })
    const extractors = await extractorsOf(otherNs)
    const deployed = await ask(`POST ${base}/{}/deploy`, { path: [otherNs, 'shared'] })

    assert.equal(answer.deployment_status, 'skipped')
    assert.deepEqual(extractors, [])
    assert.equal(deployed.answer.status, 'deployed')
    assert.deepEqual(await extractorsOf(otherNs), ['shared_1_0_0'])
  })

  test('its parameters are checked by the schema of the plugin, and go into every call of it there', async () => {
    const parameter_schema = {
      type: 'object',
      properties: { factor: { type: 'number', minimum: 1 } },
      additionalProperties: false,
    }
    await addOrganizationPlugin(server, 'scaled', {
      'manifest.py': manifestOf('scaled', `parameter_schema = ${pythonOf(parameter_schema)}`),
      'pipeline.py': pipelineOf(`
        factor = float((self.config or {}).get("factor", 1))
        batch["v"] = [[factor, 2.0, 3.0, 4.0]] * len(batch)
      `),
    })
    const path = [ns, 'scaled']
    const wrong = await ask(enable, { path, body: { params: { factor: 0 } } })
    const unknown = await ask(enable, { path, body: { params: { factr: 2 } } })
    await server.call('POST', '/v1/namespaces', { namespace_name: 'scaling' })
    const scaling = ['scaling', 'scaled']
    await ask(enable, { path: scaling, body: { params: { factor: 7 } } })
    const test = `POST ${base}/{}/realtime/test`
    const { answer } = await ask(test, { path: scaling, body: { inputs: { text: 'a' } } })

    assert.equal(wrong.status, 422)
    assert.match(faultsIn(wrong.answer)[0] ?? '', /^body\.params\.factor: /)
    assert.match(faultsIn(unknown.answer)[0] ?? '', /^body\.params\.factr: .*did you mean factor/)
    assert.deepEqual(answer.vector, [7, 2, 3, 4])
    assert.ok(!(await enabledIn(ns)).includes('scaled_1_0_0'))
  })

  test('409 where the namespace has its own of that id, and its own is refused where it is enabled', async () => {
    const third = await newNamespace('own')
    await addPlugin(server, third, 'shared')
    const twin = await ask(enable, { path: [third, 'shared'], body: {} })
    const own = await ask(`POST ${base}/uploads`, {
      path: [ns],
      body: { name: 'shared', version: '1.0.0' },
    })

    assert.deepEqual([twin.status, own.status], [409, 409])
  })

  test('400 with the error of one that does not load, which is then not enabled; 404 for an unknown one', async () => {
    await addOrganizationPlugin(server, 'spoiled')
    const files = { ...lengthPlugin('spoiled'), 'pipeline.py': 'raise RuntimeError("too late")\n' }
    const { hash } = await server.ports.blobs.put(packPlugin(files))
    await server.ports.db
      .updateTable('plugins')
      .set({ archive_hash: hash })
      .where('name', '=', 'spoiled')
      .execute()
    const { status, answer } = await ask(enable, { path: [ns, 'spoiled'], body: {} })
    const unknown = await ask(enable, { path: [ns, 'nothing_1_0_0'], body: {} })

    assert.equal(status, 400)
    assert.equal(answer.error.type, 'FeatureExtractionError')
    assert.match(answer.error.message, /spoiled_1_0_0.*too late/s)
    assert.ok(!(await enabledIn(ns)).includes('spoiled_1_0_0'))
    assert.ok(!(await extractorsOf(ns)).includes('spoiled_1_0_0'))
    assert.equal(unknown.status, 404)
  })
})

describe('taking it away again', { skip }, () => {
  test('409 for deleting one of the organization where namespaces have it, and through a namespace', async () => {
    const { status, answer } = await ask('DELETE /v1/plugins/{}', { path: ['shared_1_0_0'] })
    const through = await ask(`DELETE ${base}/{}`, { path: [ns, 'shared_1_0_0'] })

    assert.equal(status, 409)
    assert.deepEqual(answer.error.details.namespaces, [ns, otherNs].toSorted())
    assert.equal(through.status, 409)
    assert.match(through.answer.error.details.hint, /DELETE \/v1\/plugins\/shared_1_0_0/)
  })

  test('200: disabled in one namespace it stays in the other; a second time it is 404', async () => {
    const path = [ns, 'shared_1_0_0']
    const { answer } = await ask(disable, { path })
    const again = await ask(disable, { path })

    assert.equal(answer.success, true)
    assert.equal(again.status, 404)
    assert.ok(!(await extractorsOf(ns)).includes('shared_1_0_0'))
    assert.deepEqual(await extractorsOf(otherNs), ['shared_1_0_0'])
  })

  test('200: deleted with force it is gone from every namespace', async () => {
    const path = ['shared_1_0_0']
    const { answer } = await ask('DELETE /v1/plugins/{}', { path, query: '?force=true' })
    const gone = await ask('GET /v1/plugins/{}', { path })

    assert.equal(answer.plugin_id, 'shared_1_0_0')
    assert.equal(gone.status, 404)
    assert.deepEqual(await extractorsOf(otherNs), [])
    assert.deepEqual(await enabledIn(otherNs), [])
  })
})

function pythonOf(value: unknown): string {
  return JSON.stringify(value).replaceAll('false', 'False').replaceAll('true', 'True')
}
