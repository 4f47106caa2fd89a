import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { dumpNamespace } from '../../domain/archive/dump-namespace.ts'
import { recoverNamespaces } from '../../domain/namespaces/recover-namespaces.ts'
import { ensureFirstKey } from '../../domain/organizations/ensure-first-key.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'
import { addOrganization, furnish, type Things } from '../../../test/support/tenant.ts'
import { readSchemaNumber } from '../../store/loads.ts'
import { routes } from '../routes.ts'

const ours = routes.filter(({ tag }) => tag === 'archive')

describe('a server that is dumped', () => {
  let server: TestServer
  let things: Things
  before(async () => {
    server = await startTestServer({ NACRE_DUMP_HOLD_MS: '1000' })
    things = await furnish(server.call)
  })
  after(() => server[Symbol.asyncDispose]())

  test('an admin of another organization may do none of it, not even learn which namespaces there are', async () => {
    const key = await addOrganization(server.ports)
    for (const { method, path } of ours) {
      const filled = path
        .replace('{namespace_id}', things.namespace_id)
        .replace('{hash}', 'a'.repeat(64))
        .replace(/\{\w+\}/, 'objects')
      const response = await fetch(
        `${server.url}${filled}?from=0&since=${past}&namespace_id=ns_1`,
        {
          method,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(method !== 'GET' && {
            body: JSON.stringify(path === '/v1/load' ? await header() : { hashes: [] }),
          }),
        },
      )
      assert.equal(response.status, 403, `${method} ${path}`)
      assert.doesNotMatch(await response.text(), /ns_[0-9a-f]{20}/)
    }
  })

  test('a key of the first organization without admin permission may not either', async () => {
    const { key } = await server.call('POST', '/v1/organizations/users/admin@localhost/api-keys', {
      name: 'weak',
      permissions: ['delete'],
    })
    const response = await fetch(`${server.url}/v1/dump/server`, {
      headers: { authorization: `Bearer ${key}` },
    })
    assert.equal(response.status, 403)
  })

  test('keys leave hashed, and no secret of the server leaves', async () => {
    const lines = await streamed('GET', '/v1/dump/server')
    const text = lines.join('\n')
    const { rows } = await secrets()

    assert.match(text, /"hash":"[0-9a-f]{64}"/)
    assert.ok(!text.includes(server.key))
    assert.ok(rows.length > 0 && rows.every((secret) => !text.includes(secret)))
    assert.equal(lines.at(-1), '{"end":{}}')
  })

  test('a namespace that another holds alone is a 409 that says for what, before anything is sent', async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const holding = server.ports.leases.exclusive(things.namespace_id, 'trying things out', () => {
      begun.resolve()
      return held
    })
    await begun.promise
    const response = await server.fetch(statePath(things.namespace_id), { method: 'POST' })
    letGo()
    await holding

    assert.equal(response.status, 409)
    assert.match(await response.text(), /trying things out/)
  })

  test('a reader who takes nothing holds writers up no longer than the limit, and is told which', async () => {
    const { ports } = server
    const nobody = new Promise<void>(() => {})
    const dumping = dumpNamespace(
      ports,
      things.namespace_id,
      new Date(past),
      () => nobody,
      new AbortController().signal,
    )
    await assert.rejects(dumping, /within 1000 ms, for which writers wait \(NACRE_DUMP_HOLD_MS\)/)

    await server.call(
      'POST',
      `/v1/collections/${things['collection_identifier']}/documents`,
      {},
      { 'x-namespace': things.namespace_id },
    )
  })

  test('what is not there: a namespace, an original', async () => {
    const namespace = await server.fetch(statePath('ns_none'), { method: 'POST' })
    const original = await server.fetch(`/v1/dump/originals/${'0'.repeat(64)}`)
    assert.deepEqual([namespace.status, original.status], [404, 404])
  })

  test('an archive is not loaded into it, whatever the archive', async () => {
    const refused = await server.fetch('/v1/load', { method: 'POST', body: await header() })
    const newer = { ...(await header()), schema: 1_000_000 }
    const tooNew = await server.fetch('/v1/load', { method: 'POST', body: newer })

    assert.equal(refused.status, 409)
    assert.match((await jsonOf(refused)).error.message, /empty server only/)
    assert.equal(tooNew.status, 400)
    assert.match((await jsonOf(tooNew)).error.message, /newer version of Nacre/)
  })

  async function header() {
    return {
      archive_id: randomUUID(),
      archive_format: 1,
      version: '0.1.0',
      schema: await readSchemaNumber(server.ports.db),
      server_id: 'org_other',
      organizations: ['org_other'],
      namespaces: [],
    }
  }

  async function secrets(): Promise<{ rows: string[] }> {
    const rows = await server.ports.db.selectFrom('signing_keys').select('secret').execute()
    return { rows: rows.map(({ secret }) => secret) }
  }

  async function streamed(method: string, path: string): Promise<string[]> {
    const response = await server.fetch(path, { method })
    assert.equal(response.status, 200)
    return (await response.text()).trimEnd().split('\n')
  }
})

describe('a server that is loaded', () => {
  test('shows nothing and knows no key of the archive before its end, whatever restarts meanwhile; then all of it', async () => {
    await using source = await startTestServer()
    const things = await furnish(source.call)
    const { key: weak } = await source.call(
      'POST',
      '/v1/organizations/users/admin@localhost/api-keys',
      { name: 'reader', permissions: ['read'] },
    )
    const archive = await archiveOf(source, things.namespace_id)
    await using target = await startTestServer({ NACRE_ADMIN_KEY: 'sk_test_of_the_target' })
    const asTarget = asKey(target, 'sk_test_of_the_target')

    assert.equal((await asTarget('POST', '/v1/load', archive.header)).status, 200)
    for (const [path, lines] of archive.parts) {
      const answer = await asTarget('POST', path, lines)
      assert.equal(answer.status, 200, `${path} ${await answer.text()}`)
    }
    const again = await asTarget('POST', archive.parts[0]?.[0] ?? '', archive.parts[0]?.[1])
    assert.equal(again.status, 409, 'a part that has moved on')
    const early = await asTarget('POST', '/v1/load/end', archive.end)
    assert.equal(early.status, 409, 'a namespace that is not whole')
    // As a start in the middle of it does.
    assert.equal(await ensureFirstKey(target.ports, { adminKey: null }), null)
    await recoverNamespaces(target.ports, { isAlone: true })
    const settled = await asTarget('POST', `/v1/load/namespaces/${things.namespace_id}/settle`, [])
    assert.equal(settled.status, 200, await settled.text())

    const before = await asTarget('GET', '/v1/namespaces')
    assert.deepEqual((await jsonOf(before)).results ?? [], [])
    assert.equal((await asKey(target, weak)('GET', '/v1/namespaces')).status, 401)

    const end = await asTarget('POST', '/v1/load/end', archive.end)
    assert.equal(end.status, 200, await end.text())
    for (const key of ['sk_test_of_the_target', weak]) {
      const found = await asKey(target, key)('GET', `/v1/namespaces/${things.namespace_id}`)
      assert.equal(found.status, 200)
      assert.equal((await jsonOf(found)).document_count, 2)
    }
    assert.equal(await ensureFirstKey(target.ports, { adminKey: 'sk_test_of_the_target' }), null)
  })
})

const past = '2020-01-01T00:00:00.000Z'

function statePath(namespaceId: string): string {
  return `/v1/dump/namespaces/${namespaceId}/state?since=${past}`
}

async function jsonOf(response: Response): Promise<Answer> {
  return await response.json()
}

function asKey(server: TestServer, key: string) {
  return (method: string, path: string, body?: object | string[]): Promise<Response> =>
    fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: Array.isArray(body) ? body.join('\n') : JSON.stringify(body) }),
    })
}

/** What `nacre load` would send, taken from the server as `nacre dump` does. */
async function archiveOf(server: TestServer, namespaceId: string) {
  const plan: Answer = await server.call('GET', '/v1/dump')
  const of = async (method: string, path: string) =>
    (await (await server.fetch(path, { method })).text()).trimEnd().split('\n')
  const [shared, state] = [
    await of('GET', '/v1/dump/server'),
    await of('POST', statePath(namespaceId)),
  ]
  const tables = (lines: string[]) => {
    const found = new Map<string, string[]>()
    let table = ''
    for (const line of lines) {
      const value: Answer = JSON.parse(line)
      if (value.table) found.set((table = value.table), [])
      if (value.row) found.get(table)?.push(line.slice('{"row":'.length, -1))
    }
    return found
  }
  const points = state
    .filter((line) => line.startsWith('{"point":'))
    .map((line) => line.slice(9, -1))
  const ofServer = tables(shared)
  const withEnd = ['users', 'api_keys']
  const parts: [string, string[]][] = [
    ...[...ofServer]
      .filter(([name, lines]) => !withEnd.includes(name) && lines.length > 0)
      .map(([name, lines]): [string, string[]] => [`/v1/load/tables/${name}?from=0`, lines]),
    ...[...tables(state)]
      .filter(([, lines]) => lines.length > 0)
      .map(([name, lines]): [string, string[]] => [
        `/v1/load/tables/${name}?from=0&namespace_id=${namespaceId}`,
        lines,
      ]),
    [`/v1/load/points?from=0&namespace_id=${namespaceId}`, points],
  ]
  return {
    header: {
      ...plan,
      archive_id: randomUUID(),
      version: '0.1.0',
      organizations: (ofServer.get('organizations') ?? []).map((line) => JSON.parse(line).id),
      namespaces: [{ id: namespaceId, points: points.length }],
    },
    parts,
    end: withEnd.flatMap((table) => [
      JSON.stringify({ table }),
      ...(ofServer.get(table) ?? []).map((row) => `{"row":${row}}`),
    ]),
  }
}
