import { z } from 'zod'
import { cachedOpenApiDocument } from '../openapi.ts'
import { route } from '../route.ts'

export const openApiRoutes = [
  route({
    operationId: 'getOpenApi',
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This API, as an OpenAPI 3.1 document',
    tag: 'health',
    access: 'public',
    response: z.record(z.string(), z.unknown()),
    failures: [],
    handle: async ({ about }) => cachedOpenApiDocument(about.routes, { version: about.version }),
  }),
]
