import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { datetime } from './datetime.ts'
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
