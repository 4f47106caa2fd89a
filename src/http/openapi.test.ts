import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { z } from 'zod'
import { failureReference } from '../domain/failure.ts'
import { datetime } from './datetime.ts'
import { statusOf } from './errors.ts'
import { openApiDocument } from './openapi.ts'
import { pageQuery } from './pagination.ts'
import { route } from './route.ts'
import { routes } from './routes.ts'

test('openApiDocument() describes every route once, with unique operation ids', () => {
  const { paths } = openApiDocument(routes) as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map((o) => o.operationId),
  )

  assert.equal(ids.length, routes.length)
  assert.equal(new Set(ids).size, ids.length)
})

test('openApiDocument() says what a request may hold and what an answer holds', () => {
  const one = route({
    operationId: 'makeThing',
    method: 'POST',
    path: '/v1/things/{thing_id}',
    summary: 'Make a thing',
    tag: 'things',
    access: 'write',
    scope: 'namespace',
    params: z.object({ thing_id: z.string() }),
    query: pageQuery,
    body: z.object({ until: datetime.nullish(), count: z.int().default(1) }),
    bodyRequired: true,
    status: 201,
    response: z.object({ count: z.int().default(1) }),
    failures: ['not_found'],
    handle: async () => ({}),
  })

  const document = JSON.parse(JSON.stringify(openApiDocument([one], { version: '1.2.3' })))

  assert.equal(document.openapi, '3.1.0')
  assert.equal(document.info.version, '1.2.3')
  const { parameters, requestBody, responses } = document.paths['/v1/things/{thing_id}'].post
  assert.deepEqual(parameters[0], { $ref: '#/components/parameters/namespace' })
  assert.deepEqual(parameters[1], {
    name: 'thing_id',
    in: 'path',
    required: true,
    schema: { type: 'string' },
  })
  assert.ok(parameters.some((p: { name: string }) => p.name === 'limit'))
  const sent = requestBody.content['application/json'].schema
  assert.equal(requestBody.required, true)
  assert.equal(sent.required, undefined)
  assert.match(JSON.stringify(sent.properties.until), /date-time/)
  assert.deepEqual(responses['201'].content['application/json'].schema.required, ['count'])
  assert.deepEqual(responses.default, { $ref: '#/components/responses/failure' })
})

interface Parameter {
  name: string
  in: string
  required: boolean
  schema: object
}
interface Content {
  content?: Record<string, { schema: object }>
}
interface Operation {
  operationId: string
  tags: string[]
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: Content
  responses: Record<string, (Content & { description: string }) | { $ref: string }>
}
interface Document {
  openapi: string
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
}

describe('the document of this server', () => {
  // As clients read it.
  const document = JSON.parse(JSON.stringify(openApiDocument(routes))) as Document
  const operations = routes.map((route) => {
    const operation = document.paths[route.path]?.[route.method.toLowerCase()]
    assert.ok(operation, `${route.method} ${route.path} is described`)
    return { route, operation, name: `${route.method} ${route.path}` }
  })

  test('every $ref names a part of the document', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref)

    assert.ok(refs.length > 0)
    const broken = refs.filter((ref) => !ref?.startsWith('#/') || !partOf(document, ref))
    assert.deepEqual([...new Set(broken)], [])
  })

  test('every schema in it is JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    for (const { operation, name } of operations) {
      for (const schema of schemasOf(operation))
        assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`)
    }
  })

  test('each parameter of a path is declared once, as required', () => {
    for (const { route, operation, name } of operations) {
      const named = (operation.parameters ?? []).filter((one): one is Parameter => 'name' in one)
      const inPath = named.filter((one) => one.in === 'path')
      const wanted = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)

      assert.deepEqual(
        inPath.map((one) => one.name),
        wanted,
        name,
      )
      assert.ok(
        inPath.every((one) => one.required),
        name,
      )
      const keys = named.map((one) => `${one.in} ${one.name}`)
      assert.equal(new Set(keys).size, keys.length, name)
    }
  })

  test('each operation has its own status, those of all its failures, and a tag that exists', () => {
    const kinds = new Map(failureReference.map(({ code, kind }) => [code, kind]))
    const tags = document.tags.map((tag) => tag.name)
    for (const { route, operation, name } of operations) {
      const failed = route.failures.map((code) => statusOf(kinds.get(code) ?? 'invalid'))
      const missing = [route.status, ...failed].filter((status) => !operation.responses[status])

      assert.deepEqual(missing, [], name)
      if (route.access !== 'public') assert.ok(operation.responses['401'], name)
      assert.ok(
        operation.tags.every((tag) => tags.includes(tag)),
        name,
      )
    }
  })
})

function partOf(document: object, ref: string): unknown {
  const keys = ref.slice(2).split('/')
  return keys.reduce<unknown>((part, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined
  }, document)
}

function schemasOf({ parameters = [], requestBody, responses }: Operation): object[] {
  const contents = [requestBody, ...Object.values(responses)].flatMap((part) =>
    part && 'content' in part ? Object.values(part.content ?? {}) : [],
  )
  const ofParameters = parameters.flatMap((one) => ('schema' in one ? [one.schema] : []))
  return [...ofParameters, ...contents.map(({ schema }) => schema)]
}
