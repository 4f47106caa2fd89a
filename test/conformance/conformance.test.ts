import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApiDocument } from '../../src/http/openapi.ts'
import { routes } from '../../src/http/routes.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import recorded from './served.json' with { type: 'json' }
import { documentFaults, operationKey, readContract, type Contract } from './shapes.ts'
import { pathOf } from './step-path.ts'
import { walk, type Call } from './walk.ts'

const routeOf = new Map(routes.map((route) => [operationKey(route), route]))
const routeKeys = new Set(routeOf.keys())

test('no operation that was ever served has gone, and each new one is recorded in served.json', async (t) => {
  const { operations } = await readContract()
  const served = [...operations.keys()].filter((key) => routeKeys.has(key)).toSorted()

  assert.deepEqual(
    recorded.filter((key) => !routeKeys.has(key)),
    [],
    'operations that are gone',
  )
  assert.deepEqual(
    served.filter((key) => !recorded.includes(key)),
    [],
    'operations to add to served.json',
  )
  const missing = [...operations.keys()].filter((key) => !routeKeys.has(key))
  t.diagnostic(
    `${served.length} of ${operations.size} operations are served. Not yet:\n  ${missing.join('\n  ')}`,
  )
})

test('every operation answers with the status and the shape of the contract, and of our own document', async (t) => {
  const contract = await readContract()
  await using server = await startTestServer()
  const faults = new Map<string, string[]>()

  await walk(recorder(server, contract, faults))

  for (const key of routeKeys) {
    await t.test(key, () => {
      assert.ok(faults.has(key), 'the walk does not call it')
      assert.deepEqual(faults.get(key), [])
    })
  }
})

/** A call of the walk: over HTTP as the admin, its answer checked, its faults kept. */
function recorder(server: TestServer, contract: Contract, faults: Map<string, string[]>): Call {
  const ownFaults = documentFaults(openApiDocument(routes))
  return async (key, step = {}) => {
    const route = routeOf.get(key)
    if (!route) return null
    const response = await server.fetch(pathOf(key, step), {
      method: key.slice(0, key.indexOf(' ')),
      headers: {
        // Clients send it on every call that may have a body, also where it is empty.
        'content-type': step.contentType ?? 'application/json',
        ...(step.namespace !== undefined && { 'x-namespace': step.namespace }),
      },
      ...(step.body !== undefined && { body: step.body }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type') === 'application/json'
    const answer = isJson ? JSON.parse(text) : null
    const operation = contract.operations.get(key)
    const found = [
      ...(operation ? contract.faultsOf(operation, response.status, answer) : []),
      ...(response.ok ? ownFaults(route, answer) : []),
    ]
    const shown = found.length > 0 ? [...found, text.slice(0, 2_000)] : []
    faults.set(key, [...(faults.get(key) ?? []), ...shown])
    return response.ok ? answer : null
  }
}
