import { z } from 'zod'
import { failureReference, type FailureCode } from '../domain/failure.ts'
import { version } from '../product.ts'
import { statusOf } from './errors.ts'
import { growsData, type Route } from './route.ts'

type Json = Record<string, unknown>

const documents = new WeakMap<readonly Route[], Json>()

/** `openApiDocument`, made once for each list: it takes longer than any other answer. */
export function cachedOpenApiDocument(
  routes: readonly Route[],
  options: { version: string },
): Json {
  const made = documents.get(routes) ?? openApiDocument(routes, options)
  documents.set(routes, made)
  return made
}

/** OpenAPI 3.1 of a list of routes: generated, so it cannot say anything else than the server does. */
export function openApiDocument(
  routes: readonly Route[],
  options: { version?: string } = {},
): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const methods = (paths[route.path] ??= {})
    methods[route.method.toLowerCase()] = operationOf(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nacre',
      version: options.version ?? version,
      description: 'A self-hosted namespace server: objects in, answers out.',
    },
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', bearerFormat: 'sk_…' } },
      responses: { failure: failureResponse },
      parameters: { namespace: namespaceHeader },
      schemas: sharedSchemas(routes),
    },
    security: [{ key: [] }],
  }
}

const namespaceHeader = {
  name: 'X-Namespace',
  in: 'header',
  required: false,
  description:
    'Id or name of the namespace; may be left out where the organization has exactly one. Each path that takes this ' +
    'header also answers below /v1/namespaces/{namespace_id} without it: /v1/namespaces/{namespace_id}/buckets.',
  schema: { type: 'string' },
}

const failureResponse = {
  description: 'What went wrong, where, and what would be right.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['success', 'status', 'error'],
        properties: {
          success: { const: false },
          status: { type: 'integer' },
          error: {
            type: 'object',
            required: ['message', 'type', 'details'],
            properties: {
              message: { type: 'string' },
              type: { type: 'string' },
              details: { type: 'object', additionalProperties: true },
            },
          },
          detail: {
            type: 'array',
            description: 'With status 422: the same faults in another well-known form.',
            items: {
              type: 'object',
              required: ['loc', 'msg', 'type'],
              properties: {
                loc: { type: 'array', items: { type: ['string', 'integer'] } },
                msg: { type: 'string' },
                type: { type: 'string' },
              },
            },
          },
        },
      },
    },
  },
}

function operationOf(route: Route): Json {
  const parameters = [
    ...(route.scope === 'namespace' ? [{ $ref: '#/components/parameters/namespace' }] : []),
    ...pathParameters(route),
    ...queryParameters(route),
  ]
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.access === 'public' ? { security: [] } : { 'x-permission': route.access }),
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(route),
    responses: {
      [route.status]: answerOf(route),
      ...failureResponses(route),
      default: { $ref: '#/components/responses/failure' },
    },
    ...(route.failures.length > 0 && { 'x-failures': route.failures }),
  }
}

/** One response a status, which says what types of failure it may carry. */
function failureResponses(route: Route): Json {
  const types: Record<string, Set<string>> = {}
  const codes = new Set([...edgeFailures(route), ...route.failures])
  for (const { code, kind, type } of failureReference) {
    if (codes.has(code)) (types[statusOf(kind)] ??= new Set()).add(type)
  }
  return Object.fromEntries(
    Object.entries(types).map(([status, found]) => [
      status,
      { $ref: '#/components/responses/failure', description: [...found].join(', ') },
    ]),
  )
}

/** What the edge itself can answer, before or around the route's own call. */
function edgeFailures(route: Route): FailureCode[] {
  const isJson = route.bodyKind === 'json' && route.body !== undefined
  return [
    ...(route.access === 'public' ? [] : (['unauthorized', 'forbidden'] as const)),
    ...(route.scope === 'namespace' ? (['bad_request', 'not_found'] as const) : []),
    ...(isJson
      ? (['bad_request', 'request_invalid', 'body_too_large', 'media_type_unsupported'] as const)
      : []),
    ...(route.params || route.query ? (['request_invalid'] as const) : []),
    ...(route.access === 'public' ? [] : (['database_unavailable'] as const)),
    ...(growsData(route) ? (['disk_unavailable'] as const) : []),
    ...(route.bodyKind === 'json' ? (['request_timeout'] as const) : []),
  ]
}

function pathParameters(route: Route): Json[] {
  const shape = propertiesOf(route.params)
  return [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: shape[name] ?? { type: 'string' },
  }))
}

function queryParameters(route: Route): Json[] {
  const required = requiredOf(route.query)
  return Object.entries(propertiesOf(route.query)).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

const contentTypes: Readonly<Record<Route['bodyKind'], string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  multipart: 'multipart/form-data',
  raw: 'application/octet-stream',
}

function requestBody(route: Route): Json {
  if (route.bodyKind === 'json' && !route.body) return {}
  const schema = route.body ? schemaOf(route.body, 'input') : {}
  const content = { [contentTypes[route.bodyKind]]: { schema } }
  return { requestBody: { required: route.bodyRequired, content } }
}

function answerOf(route: Route): Json {
  if (route.response === null) return { description: 'Done; there is nothing to say.' }
  if (route.answerType !== undefined) {
    const bytes = { schema: { type: 'string', format: 'binary' } }
    return { description: route.summary, content: { [route.answerType]: bytes } }
  }
  const content = {
    'application/json': { schema: schemaOf(route.response, 'output') },
    ...(route.event && { 'text/event-stream': { schema: schemaOf(route.event, 'output') } }),
  }
  return { description: route.summary, content }
}

function propertiesOf(schema: z.ZodType | undefined): Record<string, unknown> {
  if (!schema) return {}
  const { properties } = schemaOf(schema, 'input')
  return typeof properties === 'object' && properties !== null ? { ...properties } : {}
}

function requiredOf(schema: z.ZodType | undefined): unknown[] {
  const required = schema && schemaOf(schema, 'input')['required']
  return Array.isArray(required) ? required : []
}

/** Parts of answers that have a name of their own, `.meta({ id })`: each stands once, whoever answers it. */
function sharedSchemas(routes: readonly Route[]): Json {
  const answers = routes.flatMap(({ response }) => (response ? [response] : []))
  return Object.assign({}, ...answers.map((answer) => jsonSchemaOf(answer, 'output').shared))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return jsonSchemaOf(schema, io).schema
}

/** What JSON Schema cannot say (a transform's result, a custom check) is left open, never an error. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): { schema: Json; shared: Json } {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    cycles: 'ref',
    reused: 'inline',
    override: ({ jsonSchema }) => withoutNumberBounds(jsonSchema),
  })
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/')
  const { $schema: _, $defs: shared = {}, ...rest } = JSON.parse(text) as Json & { $defs?: Json }
  return { schema: rest, shared }
}

/** Every whole number of a client is one that JavaScript can hold: said of each, it says nothing. */
function withoutNumberBounds(schema: { minimum?: number; maximum?: number }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}
