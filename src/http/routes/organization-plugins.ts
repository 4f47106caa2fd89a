import { z } from 'zod'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import { deleteOrganizationPlugin } from '../../domain/plugins/delete-plugin.ts'
import { disablePlugin, enablePlugin } from '../../domain/plugins/enable-plugin.ts'
import { findScopedPlugin } from '../../domain/plugins/find-plugin.ts'
import { listOrganizationPlugins } from '../../domain/plugins/list-plugins.ts'
import {
  featureUriOfPlugin,
  PluginDocument,
  pluginDocument,
  PluginItem,
  pluginItem,
} from '../../domain/plugins/plugin-answer.ts'
import { useNote } from '../../domain/plugins/plugin-use.ts'
import type { Plugin } from '../../domain/plugins/plugin.ts'
import { route } from '../route.ts'
import { force, inNamespace, ofPlugin } from './plugin-schemas.ts'

const Json = z.record(z.string(), z.unknown())
const one = z.object({ plugin_id: z.string().min(1) })

const general = ['unauthorized', 'forbidden', 'not_found'] as const

/** Plugins of the organization, and which of its namespaces have them (contract 10.3). */
export const organizationPluginRoutes = [
  route({
    operationId: 'listOrganizationPlugins',
    method: 'GET',
    path: '/v1/plugins',
    summary: "The organization's plugins, which its namespaces can enable",
    tag: 'plugins',
    access: 'read',
    response: z.object({
      success: z.literal(true),
      plugins: z.array(PluginItem),
      total: z.int(),
      organization_id: z.string(),
    }),
    failures: ['unauthorized', 'forbidden'],
    handle: async ({ ports, principal: { organizationId } }) => {
      const plugins = await listOrganizationPlugins(ports, organizationId)
      return {
        success: true as const,
        plugins: plugins.map(pluginItem),
        total: plugins.length,
        organization_id: organizationId,
      }
    },
  }),
  route({
    operationId: 'getOrganizationPlugin',
    method: 'GET',
    path: '/v1/plugins/{plugin_id}',
    summary: 'A plugin of the organization, with its manifest and what validation said of it',
    tag: 'plugins',
    access: 'read',
    params: one,
    response: z.object({ success: z.literal(true), plugin: PluginDocument }),
    failures: general,
    handle: async ({ ports, principal: { organizationId }, params }) => {
      const scope = { organizationId, namespaceId: null }
      const plugin = await findScopedPlugin(ports, scope, params.plugin_id)
      return { success: true as const, plugin: pluginDocument(plugin, null) }
    },
  }),
  route({
    operationId: 'deleteOrganizationPlugin',
    method: 'DELETE',
    path: '/v1/plugins/{plugin_id}',
    summary: 'Delete a plugin of the organization that no namespace has enabled',
    tag: 'plugins',
    access: 'delete',
    params: one,
    query: force,
    response: z.object({
      success: z.literal(true),
      plugin_id: z.string(),
      message: z.string(),
    }),
    failures: [...general, 'conflict'],
    handle: async ({ ports, principal: { organizationId }, params, query }) => {
      const id = params.plugin_id
      const { plugin } = await deleteOrganizationPlugin(ports, organizationId, id, query)
      const message = `Plugin ${plugin.pluginId} is deleted.`
      return { success: true as const, plugin_id: plugin.pluginId, message }
    },
  }),
  route({
    operationId: 'listAvailablePlugins',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/plugins/available',
    summary: "The organization's plugins, and which of them the namespace has enabled",
    tag: 'plugins',
    access: 'read',
    params: inNamespace,
    response: z.object({
      success: z.literal(true),
      plugins: z.array(
        PluginItem.omit({ scope: true, updated_at: true }).extend({
          enabled_in_namespace: z.boolean(),
        }),
      ),
      total: z.int(),
      organization_id: z.string(),
      namespace_id: z.string(),
    }),
    failures: general,
    handle: async ({ ports, principal: { organizationId }, params }) => {
      const namespace = await findNamespace(ports, organizationId, params.namespace_id)
      const plugins = await listOrganizationPlugins(ports, organizationId, namespace.id)
      return {
        success: true as const,
        plugins: plugins.map(availableItem),
        total: plugins.length,
        organization_id: organizationId,
        namespace_id: namespace.id,
      }
    },
  }),
  route({
    operationId: 'enableOrganizationPlugin',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/org/{plugin_id}/enable',
    summary: 'Make a plugin of the organization an extractor of the namespace',
    tag: 'plugins',
    access: 'write',
    params: ofPlugin,
    body: z.object({ params: Json.nullish(), deploy: z.boolean().nullish() }),
    response: z.object({
      success: z.literal(true),
      plugin_id: z.string(),
      namespace_id: z.string(),
      feature_uri: z.string(),
      message: z.string(),
      deployment_status: z.enum(['deployed', 'pending', 'skipped']),
    }),
    failures: [
      ...general,
      'bad_request',
      'already_exists',
      'conflict',
      'plugin_failed',
      'plugins_unavailable',
    ],
    handle: async ({ ports, principal, params, body, signal }) => {
      const namespace = await findNamespace(ports, principal.organizationId, params.namespace_id)
      const enabling = { params: body.params ?? {}, deploy: body.deploy ?? true }
      const plugin = await enablePlugin(ports, namespace, params.plugin_id, enabling, signal)
      const status = enabledStatus(plugin)
      return {
        success: true as const,
        plugin_id: plugin.pluginId,
        namespace_id: namespace.id,
        feature_uri: featureUriOfPlugin(plugin),
        message: `Plugin ${plugin.pluginId} is enabled in namespace '${namespace.name}'${enabledNotes[status]}`,
        deployment_status: status,
      }
    },
  }),
  route({
    operationId: 'disableOrganizationPlugin',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/org/{plugin_id}/disable',
    summary: "Take a plugin of the organization out of the namespace's extractors",
    tag: 'plugins',
    access: 'write',
    needsRoom: false,
    params: ofPlugin,
    response: z.object({
      success: z.literal(true),
      plugin_id: z.string(),
      namespace_id: z.string(),
      collections: z.array(z.string()),
      message: z.string(),
    }),
    failures: general,
    handle: async ({ ports, principal, params }) => {
      const namespace = await findNamespace(ports, principal.organizationId, params.namespace_id)
      const { plugin, collections } = await disablePlugin(ports, namespace, params.plugin_id)
      return {
        success: true as const,
        plugin_id: plugin.pluginId,
        namespace_id: namespace.id,
        collections: collections.map(({ id }) => id),
        message: `Plugin ${plugin.pluginId} is no longer enabled.${useNote(collections)}`,
      }
    },
  }),
]

const enabledNotes = {
  deployed: ' and deployed.',
  pending: ' and being deployed; its status tells when it is.',
  skipped: ', not deployed.',
} as const

function enabledStatus({ deployment }: Plugin): keyof typeof enabledNotes {
  if (deployment?.state === 'deployed') return 'deployed'
  return deployment === null || deployment.state === 'not_deployed' ? 'skipped' : 'pending'
}

function availableItem(plugin: Plugin) {
  const { scope: _, updated_at: __, ...item } = pluginItem(plugin)
  return { ...item, enabled_in_namespace: plugin.deployment !== null }
}
