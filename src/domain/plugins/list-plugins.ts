import type { Ports } from '../../ports/ports.ts'
import { readEnabledPlugins, readPlugins } from '../../store/plugins.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Plugin } from './plugin.ts'

type Needs = Pick<Ports, 'db'>

/** The namespace's own and those of its organization that it has enabled, each group newest first. */
export async function listPlugins(
  { db }: Needs,
  { id, organizationId }: Pick<Namespace, 'id' | 'organizationId'>,
): Promise<Plugin[]> {
  const own = await readPlugins(db, { organizationId, namespaceId: id }, id)
  return [...own, ...(await readEnabledPlugins(db, id))]
}

/** The organization's, newest first; `deployment` is that in the namespace, null where it has not enabled it. */
export async function listOrganizationPlugins(
  { db }: Needs,
  organizationId: string,
  namespaceId: string | null = null,
): Promise<Plugin[]> {
  return await readPlugins(db, { organizationId, namespaceId: null }, namespaceId)
}
