import type { Route } from './route.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { documentRoutes } from './routes/documents.ts'
import { extractorRoutes } from './routes/extractors.ts'
import { healthRoutes } from './routes/health.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { organizationRoutes } from './routes/organizations.ts'
import { userRoutes } from './routes/users.ts'

/** Every operation of the API. Router, OpenAPI document and reference pages are functions of this list. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...openApiRoutes,
  ...organizationRoutes,
  ...userRoutes,
  ...apiKeyRoutes,
  ...extractorRoutes,
  ...documentRoutes,
]
