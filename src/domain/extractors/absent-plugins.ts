import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { listOrganizationPlugins, listPlugins } from '../plugins/list-plugins.ts'
import type { Plugin } from '../plugins/plugin.ts'
import { pickExtractor } from './pick-extractor.ts'

/** A plugin that a namespace could have as an extractor, and has not. */
export interface AbsentPlugin {
  id: string
  name: string
  version: string
  /** `Plugin hash_text_1_0_0 is disabled: it is not deployed in namespace 'films'.` */
  reason: string
  /** What may bring it there. */
  request: { method: string; path: string }
}

/** Those of the namespace, and of its organization, that are not deployed in it. Reads the database. */
export async function absentPlugins(
  ports: Pick<Ports, 'db'>,
  namespace: Pick<Namespace, 'id' | 'name' | 'organizationId'>,
): Promise<AbsentPlugin[]> {
  const own = await listPlugins(ports, namespace)
  const known = new Set(own.map(({ pluginId }) => pluginId))
  const shared = await listOrganizationPlugins(ports, namespace.organizationId, namespace.id)
  return [...own, ...shared.filter(({ pluginId }) => !known.has(pluginId))]
    .filter(({ deployment }) => deployment?.state !== 'deployed')
    .map((plugin) => absent(plugin, namespace))
}

/** Why the extractor that `id` means is none of the namespace now; null where nobody knows it. */
export async function whyAbsent(
  ports: Pick<Ports, 'db'>,
  namespace: Pick<Namespace, 'id' | 'name' | 'organizationId'>,
  id: string,
): Promise<string | null> {
  return pickExtractor(await absentPlugins(ports, namespace), id)?.reason ?? null
}

function absent(plugin: Plugin, { id, name }: Pick<Namespace, 'id' | 'name'>): AbsentPlugin {
  const { pluginId, version, deployment, namespaceId } = plugin
  const isEnabled = namespaceId !== null || deployment !== null
  const place = `/v1/namespaces/${id}/plugins`
  return {
    id: pluginId,
    name: plugin.name,
    version,
    reason: `Plugin ${pluginId} is disabled: it ${stateOf(plugin, isEnabled)} in namespace '${name}'.`,
    request: {
      method: 'POST',
      path: isEnabled ? `${place}/${pluginId}/deploy` : `${place}/org/${pluginId}/enable`,
    },
  }
}

function stateOf({ validationStatus, deployment }: Plugin, isEnabled: boolean): string {
  if (validationStatus !== 'passed') return 'has not passed validation and cannot be deployed'
  if (!isEnabled) return 'is not enabled'
  if (deployment?.state === 'failed')
    return `could not be deployed (${deployment.error ?? 'unknown'})`
  const isComing = deployment !== null && deployment.state !== 'not_deployed'
  return isComing ? 'is still being deployed' : 'is not deployed'
}
