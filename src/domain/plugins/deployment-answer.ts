import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { featureUriOfPlugin } from './plugin-answer.ts'
import type { DeploymentState, Plugin } from './plugin.ts'
import { gapMessage, isComplete, gapRequest, schemaGap } from './schema-gap.ts'

/** What of the namespace's schema the plugin needs and does not find; ours. */
const SchemaAnswer = z.object({
  complete: z.boolean(),
  missing_vectors: z.array(z.string()),
  changed_vectors: z.array(z.string()),
  /** The request that closes the gap; null where there is none. */
  reconfigure: z
    .object({
      method: z.string(),
      path: z.string(),
      body: z.object({ confirm: z.boolean(), strategy: z.string().optional() }),
    })
    .nullable(),
})

/** How plugins are walled in here (design 6); ours. */
const Isolation = z.object({
  tier: z.enum(['kernel', 'process']),
  reasons: z.array(z.string()),
})

const common = {
  plugin_id: z.string(),
  namespace_id: z.string(),
  status: z.enum(['not_deployed', 'queued', 'pending', 'in_progress', 'deployed', 'failed']),
  message: z.string(),
  route_prefix: z.null(),
  estimated_completion_seconds: z.int().nullable(),
  feature_uri: z.string(),
  error: z.string().nullable(),
  schema: SchemaAnswer,
  isolation: Isolation,
}

/** Contract 10.3, deploy. */
export const DeploymentAnswer = z.object({
  ...common,
  deployment_type: z.enum(['batch_only', 'realtime']),
  deployment_name: z.null(),
  queue_position: z.null(),
  status_endpoint: z.string(),
  realtime_available: z.boolean(),
})

/** Contract 10.3, status; times are texts there. */
export const StatusAnswer = z.object({
  ...common,
  name: z.string(),
  version: z.string(),
  validation_status: z.enum(['passed', 'failed']),
  realtime_enabled: z.boolean(),
  queued_at: z.string().nullable(),
  deployed: z.boolean(),
  deployed_at: z.string().nullable(),
})

/** Seconds that loading a plugin takes, mostly importing pandas. */
const loadSeconds = 5

export async function deploymentAnswer(
  ports: Ports,
  namespace: Namespace,
  plugin: Plugin,
): Promise<z.infer<typeof DeploymentAnswer>> {
  const type = plugin.deployment?.type ?? 'realtime'
  return {
    ...(await commonAnswer(ports, namespace, plugin)),
    deployment_type: type,
    deployment_name: null,
    queue_position: null,
    status_endpoint: `/v1/namespaces/${namespace.id}/plugins/${plugin.pluginId}/status`,
    realtime_available: type === 'realtime',
  }
}

export async function statusAnswer(
  ports: Ports,
  namespace: Namespace,
  plugin: Plugin,
): Promise<z.infer<typeof StatusAnswer>> {
  const { deployment } = plugin
  const answer = await commonAnswer(ports, namespace, plugin)
  const isDeployed = answer.status === 'deployed'
  return {
    ...answer,
    name: plugin.name,
    version: plugin.version,
    validation_status: plugin.validationStatus,
    realtime_enabled: isDeployed && deployment?.type === 'realtime',
    queued_at: deployment?.queuedAt?.toISOString() ?? null,
    deployed: isDeployed,
    deployed_at: deployment?.deployedAt?.toISOString() ?? null,
  }
}

async function commonAnswer(ports: Ports, given: Namespace, plugin: Plugin) {
  // The schema may have changed with this very request.
  const namespace = (await readNamespaceById(ports.db, given.id)) ?? given
  const gap = schemaGap(namespace, plugin)
  const status = plugin.deployment?.state ?? 'not_deployed'
  const { tier, reasons } = await ports.plugins.describe()
  const lack = isComplete(gap) ? '' : await gapMessage(ports, namespace, gap)
  const message = [stateMessage(plugin, status), lack].filter((part) => part !== '').join(' ')
  return {
    plugin_id: plugin.pluginId,
    namespace_id: namespace.id,
    status,
    message,
    route_prefix: null,
    estimated_completion_seconds: isUnderWay(status) ? loadSeconds : null,
    feature_uri: featureUriOfPlugin(plugin),
    error: plugin.deployment?.error ?? null,
    schema: {
      complete: isComplete(gap),
      missing_vectors: gap.missing,
      changed_vectors: gap.changed,
      reconfigure: gapRequest(namespace, gap),
    },
    isolation: { tier, reasons: [...reasons] },
  }
}

function isUnderWay(status: DeploymentState): boolean {
  return status === 'queued' || status === 'pending' || status === 'in_progress'
}

function stateMessage({ pluginId, deployment }: Plugin, status: DeploymentState): string {
  if (status === 'deployed') return `Plugin ${pluginId} is deployed.`
  if (status === 'failed') {
    return `Plugin ${pluginId} did not load: ${deployment?.error ?? 'no reason is known'}`
  }
  if (isUnderWay(status)) return `Plugin ${pluginId} is being deployed.`
  return `Plugin ${pluginId} is not deployed.`
}
