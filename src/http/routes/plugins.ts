import { z } from 'zod'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import { downloadPath } from '../../domain/plugins/archive-download.ts'
import { deletePlugin } from '../../domain/plugins/delete-plugin.ts'
import { deployPlugin } from '../../domain/plugins/deploy-plugin.ts'
import {
  DeploymentAnswer,
  deploymentAnswer,
  StatusAnswer,
  statusAnswer,
} from '../../domain/plugins/deployment-answer.ts'
import { findPlugin } from '../../domain/plugins/find-plugin.ts'
import { listPlugins } from '../../domain/plugins/list-plugins.ts'
import {
  PluginDocument,
  pluginDocument,
  PluginItem,
  pluginItem,
} from '../../domain/plugins/plugin-answer.ts'
import { useNote } from '../../domain/plugins/plugin-use.ts'
import { testRealtime, type RealtimeTest } from '../../domain/plugins/test-realtime.ts'
import { undeployPlugin } from '../../domain/plugins/undeploy-plugin.ts'
import { publicUrl } from '../public-url.ts'
import { route, type CallContext } from '../route.ts'
import { force, inNamespace, ofPlugin } from './plugin-schemas.ts'

const Json = z.record(z.string(), z.unknown())

const general = ['unauthorized', 'forbidden', 'not_found'] as const

export const pluginRoutes = [
  route({
    operationId: 'listPlugins',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/plugins',
    summary: "The namespace's plugins, and those of the organization that it has enabled",
    tag: 'plugins',
    access: 'read',
    params: inNamespace,
    response: z.object({
      success: z.literal(true),
      plugins: z.array(PluginItem),
      total: z.int(),
      namespace_id: z.string(),
    }),
    failures: general,
    handle: async (call) => {
      const namespace = await namespaceOf(call)
      const plugins = await listPlugins(call.ports, namespace)
      return {
        success: true as const,
        plugins: plugins.map(pluginItem),
        total: plugins.length,
        namespace_id: namespace.id,
      }
    },
  }),
  route({
    operationId: 'getPlugin',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/plugins/{plugin_id}',
    summary: 'A plugin with its manifest and what validation said of it',
    tag: 'plugins',
    access: 'read',
    params: ofPlugin,
    query: z.object({ return_presigned_urls: z.stringbool().default(false) }),
    response: z.object({
      success: z.literal(true),
      plugin: PluginDocument,
      presigned_download_url: z.string().nullable(),
    }),
    failures: general,
    handle: async ({ query, ...call }) => {
      const namespace = await namespaceOf(call)
      const plugin = await findPlugin(call.ports, namespace, call.params.plugin_id)
      const path = query.return_presigned_urls ? await downloadPath(call.ports, plugin) : null
      return {
        success: true as const,
        plugin: pluginDocument(plugin, namespace.id),
        presigned_download_url: path && publicUrl(call.ports.config, call.headers, path),
      }
    },
  }),
  route({
    operationId: 'deletePlugin',
    method: 'DELETE',
    path: '/v1/namespaces/{namespace_id}/plugins/{plugin_id}',
    summary: 'Delete a plugin and its archive; what it has made stays',
    tag: 'plugins',
    access: 'delete',
    params: ofPlugin,
    query: force,
    response: z.object({
      success: z.literal(true),
      plugin_id: z.string(),
      message: z.string(),
      deployment_removed: z.boolean(),
    }),
    failures: [...general, 'conflict'],
    handle: async ({ query, ...call }) => {
      const namespace = await namespaceOf(call)
      const { plugin_id: id } = call.params
      const { plugin, wasDeployed } = await deletePlugin(call.ports, namespace, id, query)
      return {
        success: true as const,
        plugin_id: plugin.pluginId,
        message: `Plugin ${plugin.pluginId} is deleted.`,
        deployment_removed: wasDeployed,
      }
    },
  }),
  route({
    operationId: 'deployPlugin',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/{plugin_id}/deploy',
    summary: 'Load a plugin and make it an extractor of the namespace; says what the schema lacks',
    tag: 'plugins',
    access: 'write',
    params: ofPlugin,
    query: z.object({ deployment_type: z.enum(['batch_only', 'realtime']).default('realtime') }),
    response: DeploymentAnswer,
    failures: [
      ...general,
      'bad_request',
      'conflict',
      'plugin_failed',
      'plugins_unavailable',
      'engine_busy',
      'engine_unavailable',
    ],
    handle: async ({ query, ...call }) => {
      const namespace = await namespaceOf(call)
      const { ports, params, signal } = call
      const type = query.deployment_type
      const plugin = await deployPlugin(ports, namespace, params.plugin_id, type, signal)
      return await deploymentAnswer(ports, namespace, plugin)
    },
  }),
  route({
    operationId: 'getPluginStatus',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/plugins/{plugin_id}/status',
    summary: 'Where the deployment of a plugin stands, and what the schema lacks for it',
    tag: 'plugins',
    access: 'read',
    params: ofPlugin,
    response: StatusAnswer,
    failures: [...general, 'engine_busy', 'engine_unavailable'],
    handle: async (call) => {
      const namespace = await namespaceOf(call)
      const plugin = await findPlugin(call.ports, namespace, call.params.plugin_id)
      return await statusAnswer(call.ports, namespace, plugin)
    },
  }),
  route({
    operationId: 'undeployPlugin',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/{plugin_id}/undeploy',
    summary: "Take a plugin out of the namespace's extractors; its archive and documents stay",
    tag: 'plugins',
    access: 'write',
    needsRoom: false,
    params: ofPlugin,
    response: z.object({
      success: z.literal(true),
      plugin_id: z.string(),
      namespace_id: z.string(),
      status: z.literal('not_deployed'),
      deployed: z.literal(false),
      collections: z.array(z.string()),
      message: z.string(),
    }),
    failures: general,
    handle: async (call) => {
      const namespace = await namespaceOf(call)
      const { plugin_id: id } = call.params
      const { plugin, collections } = await undeployPlugin(call.ports, namespace, id)
      return {
        success: true as const,
        plugin_id: plugin.pluginId,
        namespace_id: namespace.id,
        status: 'not_deployed' as const,
        deployed: false as const,
        collections: collections.map((collection) => collection.id),
        message: `Plugin ${plugin.pluginId} is no longer deployed.${useNote(collections)}`,
      }
    },
  }),
  route({
    operationId: 'testPluginRealtime',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/{plugin_id}/realtime/test',
    summary: 'What a plugin makes of a query, as it comes back: for its author',
    tag: 'plugins',
    access: 'write',
    params: ofPlugin,
    body: z.object({ inputs: Json.nullish(), parameters: Json.nullish() }),
    response: z.object({
      status: z.enum(['success', 'error']),
      inference_name: z.string(),
      raw_response: z.unknown(),
      response_type: z.string().nullable(),
      response_keys: z.array(z.string()).nullable(),
      vector: z.array(z.number()).nullable(),
      error: z.string().nullable(),
      message: z.string(),
    }),
    failures: [...general, 'bad_request', 'plugins_unavailable'],
    handle: async ({ body, ...call }) => {
      const namespace = await namespaceOf(call)
      const { ports, params, signal } = call
      const given = { inputs: body.inputs ?? {}, parameters: body.parameters ?? {} }
      return realtimeAnswer(await testRealtime(ports, namespace, params.plugin_id, given, signal))
    },
  }),
]

function realtimeAnswer({ plugin, vector, answer, error }: RealtimeTest) {
  return {
    status: error === null ? ('success' as const) : ('error' as const),
    inference_name: vector ?? plugin.pluginId,
    raw_response: answer?.raw ?? null,
    response_type: answer?.type ?? null,
    response_keys: answer && [...answer.keys],
    vector: answer?.vector ? [...answer.vector] : null,
    error,
    message:
      error === null
        ? `${vector ?? plugin.pluginId} came out with ${answer?.vector?.length ?? 0} dimensions.`
        : 'No vector came out; see error.',
  }
}

async function namespaceOf({
  ports,
  principal,
  params,
}: Pick<CallContext, 'ports' | 'principal'> & {
  params: { namespace_id: string }
}): Promise<Namespace> {
  return await findNamespace(ports, principal.organizationId, params.namespace_id)
}
