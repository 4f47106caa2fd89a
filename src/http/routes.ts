import type { Route } from './route.ts'
import { aggregateRoutes } from './routes/aggregates.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { batchLogRoutes } from './routes/batch-logs.ts'
import { batchRoutes } from './routes/batches.ts'
import { bucketRoutes } from './routes/buckets.ts'
import { collectionRoutes } from './routes/collections.ts'
import { documentBatchRoutes } from './routes/document-batches.ts'
import { documentListRoutes } from './routes/document-lists.ts'
import { documentRoutes } from './routes/documents.ts'
import { executionRoutes } from './routes/executions.ts'
import { explainRoutes } from './routes/explain.ts'
import { exportRoutes } from './routes/exports.ts'
import { dumpRoutes } from './routes/dump.ts'
import { extractorRoutes } from './routes/extractors.ts'
import { healthRoutes } from './routes/health.ts'
import { indexAnalyticsRoutes } from './routes/index-analytics.ts'
import { indexDecisionRoutes } from './routes/index-decisions.ts'
import { lifecycleRoutes } from './routes/lifecycle.ts'
import { lineageRoutes } from './routes/lineage.ts'
import { loadRoutes } from './routes/load.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { namespaceRoutes } from './routes/namespaces.ts'
import { objectRoutes } from './routes/objects.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { organizationRoutes } from './routes/organizations.ts'
import { organizationPluginRoutes } from './routes/organization-plugins.ts'
import { pluginUploadRoutes } from './routes/plugin-uploads.ts'
import { pluginRoutes } from './routes/plugins.ts'
import { reconfigureRoutes } from './routes/reconfigure.ts'
import { repairRoutes } from './routes/repair.ts'
import { retrieverRoutes } from './routes/retrievers.ts'
import { schemaSyncRoutes } from './routes/schema-sync.ts'
import { taskRoutes } from './routes/tasks.ts'
import { tierWriteRoutes } from './routes/tier-writes.ts'
import { userRoutes } from './routes/users.ts'

/** Every operation of the API. Router, OpenAPI document and reference pages are functions of this list. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...openApiRoutes,
  ...metricsRoutes,
  ...organizationRoutes,
  ...userRoutes,
  ...apiKeyRoutes,
  ...namespaceRoutes,
  ...reconfigureRoutes,
  ...repairRoutes,
  ...indexDecisionRoutes,
  ...indexAnalyticsRoutes,
  ...extractorRoutes,
  ...pluginRoutes,
  ...pluginUploadRoutes,
  ...organizationPluginRoutes,
  ...bucketRoutes,
  ...objectRoutes,
  ...batchRoutes,
  ...batchLogRoutes,
  ...tierWriteRoutes,
  ...collectionRoutes,
  ...lifecycleRoutes,
  ...schemaSyncRoutes,
  ...exportRoutes,
  ...documentRoutes,
  ...documentListRoutes,
  ...documentBatchRoutes,
  ...aggregateRoutes,
  ...lineageRoutes,
  ...retrieverRoutes,
  ...explainRoutes,
  ...executionRoutes,
  ...taskRoutes,
  ...dumpRoutes,
  ...loadRoutes,
]
