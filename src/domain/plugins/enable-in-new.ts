import type { Ports } from '../../ports/ports.ts'
import { beginDeployment, changeDeployment } from '../../store/plugins.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { listOrganizationPlugins } from './list-plugins.ts'
import type { Plugin } from './plugin.ts'

/** What a namespace can be made with besides the built-in extractors: the organization's plugins that have passed. */
export async function sharedPlugins(
  ports: Pick<Ports, 'db'>,
  organizationId: string,
): Promise<Plugin[]> {
  const plugins = await listOrganizationPlugins(ports, organizationId)
  return plugins.filter(({ validationStatus }) => validationStatus === 'passed')
}

/** Throws `plugins_unavailable` where one of the namespace's extractors could not run on this machine. */
export async function refuseWithoutHost(
  ports: Pick<Ports, 'plugins'>,
  plugins: readonly Plugin[],
): Promise<void> {
  if (plugins.length === 0) return
  const { problem } = await ports.plugins.describe()
  if (problem !== null) throw fail('plugins_unavailable', { reason: problem })
}

/**
 * In the transaction that makes the namespace, whose schema has their vectors from its start: enabled and deployed,
 * with the parameters that it was made with. Their processes start with their first rows.
 */
export async function enableInNew(
  tx: Db,
  { id, featureExtractors, createdAt: at }: Namespace,
  plugins: readonly Plugin[],
): Promise<void> {
  for (const plugin of plugins) {
    const named = featureExtractors.find((one) => one.feature_extractor_id === plugin.pluginId)
    const params = named?.params ?? {}
    await beginDeployment(tx, id, plugin.id, { state: 'queued', type: 'realtime', at, params })
    const done = { state: 'deployed', deployedAt: at, at } as const
    await changeDeployment(tx, id, plugin.id, ['queued'], done)
  }
}
