import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { documentFaults } from '../../test/conformance/shapes.ts'
import { schemaValues, type ValueOptions } from '../../test/support/schema-values.ts'
import { startTestServer, type Answer, type TestServer } from '../../test/support/server.ts'
import { furnish, type Things } from '../../test/support/tenant.ts'
import { openApiDocument } from './openapi.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'

const document = openApiDocument(routes)
const paths = document['paths'] as Record<string, Record<string, Answer>>
const runs = Math.max(400, 10 * Number(process.env['NACRE_PROPERTY_RUNS'] ?? 0))

/**
 * Bodies that are no JSON have tests of their own; what loads a server needs an empty one, and a namespace that is being
 * repaired answers 503 meanwhile, as it says.
 */
const asked = routes.filter(
  ({ bodyKind, tag, operationId }) =>
    bodyKind === 'json' && tag !== 'archive' && operationId !== 'repairNamespace',
)

test(`of ${runs} requests that the OpenAPI document allows, or nearly, none is answered 5xx or outside its schema`, async () => {
  await using server = await startTestServer()
  const [things, spare] = [await thingsIn(server, 'ann'), await thingsIn(server, 'sam')]
  const ofSuccess = documentFaults(document)
  const ofFailure = failureFaults()
  const counts: Record<string, number> = {}

  await fc.assert(
    fc.asyncProperty(requests(things, spare), async (request) => {
      const { route, path, query, body, wrongPercent } = request
      const response = await server.fetch(path + query, {
        method: route.method,
        headers: {
          'x-namespace': request.namespace,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const { status } = response
      const what = `${status} ${text.slice(0, 2_000)}`
      assert.ok(status < 500, what)
      const kind = `${wrongPercent === 0 ? 'right' : 'nearly right'}, ${Math.floor(status / 100)}xx`
      counts[kind] = (counts[kind] ?? 0) + 1
      if (status === 304 || text === '') return
      const isJson = response.headers.get('content-type')?.includes('json') === true
      if (status >= 400) {
        assert.ok(operationOf(route).responses[status], `not in the document: ${what}`)
        assert.deepEqual(ofFailure(JSON.parse(text)), [], what)
      } else if (isJson) assert.deepEqual(ofSuccess(route, JSON.parse(text)), [], what)
    }),
    { numRuns: runs },
  )
  process.stdout.write(`${JSON.stringify(counts)}\n`)
})

/** One thing of each noun, and a user of that name with a key. */
async function thingsIn({ call }: TestServer, name: string): Promise<Things> {
  const things = await furnish(call)
  const [user_email, key_name] = [`${name}@films.example`, `key of ${name}`]
  await call('POST', '/v1/organizations/users', { email: user_email, user_name: name })
  const keys = `/v1/organizations/users/${encodeURIComponent(user_email)}/api-keys`
  await call('POST', keys, { name: key_name })
  const execute = `/v1/retrievers/${things['retriever_id']}/execute`
  const at = { 'x-namespace': things.namespace_id }
  const { execution_id } = await call('POST', execute, {}, at)
  const extractor = 'text_extractor_v1'
  const extractors = { extractor_id: extractor, feature_extractor_id: extractor }
  return { ...things, user_email, key_name, execution_id, ...extractors }
}

function operationOf({ path, method }: Route): Answer {
  return paths[path]?.[method.toLowerCase()]
}

interface Request {
  route: Route
  path: string
  namespace: string
  query: string
  body: unknown
  wrongPercent: number
}

/** What a route deletes is the spare thing, never one that the others need. */
function requests(things: Things, spare: Things): fc.Arbitrary<Request> {
  const known = knownOf(things)
  return fc
    .tuple(fc.constantFrom(...asked), fc.constantFrom(0, 4, 15))
    .chain(([route, wrongPercent]) => {
      const options = { known, wrongPercent }
      const named = route.method === 'DELETE' ? spare : things
      return fc.record({
        route: fc.constant(route),
        path: pathsOf(route, named),
        namespace: fc.constant(named.namespace_id),
        query: queriesOf(route, options),
        body: bodiesOf(route, options),
        wrongPercent: fc.constant(wrongPercent),
      })
    })
}

/** Mostly what is there; a namespace is never deleted, for it holds all the rest. */
function pathsOf({ path, method }: Route, things: Things): fc.Arbitrary<string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const wrong = fc.constantFrom('x', 'ns_0', 'doc_x', 'é/:% ', 'y'.repeat(300))
  const right = (name: string) => fc.constant(things[name] ?? 'x')
  const values = names.map((name): fc.Arbitrary<string> =>
    method === 'DELETE' && name === 'namespace_identifier'
      ? wrong
      : fc.oneof({ weight: 9, arbitrary: right(name) }, { weight: 1, arbitrary: wrong }),
  )
  return fc.tuple<string[]>(...values).map((given) => {
    const left = given.values()
    return path.replace(/\{\w+\}/g, () => encodeURIComponent(left.next().value ?? 'x'))
  })
}

function queriesOf(route: Route, options: ValueOptions): fc.Arbitrary<string> {
  const parameters: Answer[] = operationOf(route).parameters ?? []
  const inQuery = parameters.filter((one) => one.in === 'query')
  const values: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(
    inQuery.map(({ name, schema }) => [name, schemaValues(schema, options)]),
  )
  const requiredKeys = inQuery.filter((one) => one.required).map(({ name }) => String(name))
  return fc.record(values, { requiredKeys }).map((given) => {
    const pairs = Object.entries(given).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value),
    ])
    return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
  })
}

function bodiesOf(route: Route, options: ValueOptions): fc.Arbitrary<unknown> {
  const schema = operationOf(route).requestBody?.content['application/json']?.schema
  return schema && route.method !== 'GET' ? schemaValues(schema, options) : fc.constant(undefined)
}

/** What the names of fields stand for, so that requests come further than to the first check. */
function knownOf(things: Things): Record<string, unknown> {
  const [collection, object] = [things['collection_identifier'], things['object_identifier']]
  const limit = { stage_id: 'limit', parameters: { limit: 3 } }
  return {
    ...things,
    collection_id: collection,
    collection_ids: [collection],
    collection_identifiers: [collection],
    include_collections: [collection],
    object_ids: [object],
    include_buckets: [things['bucket_identifier']],
    document_ids: [things['document_id']],
    source: { type: 'bucket', bucket_ids: [things['bucket_identifier']] },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
    },
    filters: { field: 'year', operator: 'gte', value: 1 },
    stages: [{ stage_name: 's', stage_type: 'filter', config: limit }],
    group_by: undefined,
  }
}

function failureFaults(): (answer: unknown) => string[] {
  const validate = new Ajv2020({ strict: false, allErrors: true })
    .addSchema({ $id: 'openapi', ...document })
    .compile({
      $ref: 'openapi#/components/responses/failure/content/application~1json/schema',
    })
  return (answer) =>
    validate(answer) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`)
}
