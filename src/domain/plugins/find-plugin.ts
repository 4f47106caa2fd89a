import type { Ports } from '../../ports/ports.ts'
import { findPluginRows, readEnabledPlugins } from '../../store/plugins.ts'
import { fail } from '../failure.ts'
import { parseFeatureUri } from '../extractors/feature-uri.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { pluginIdsMeant } from './plugin-id.ts'
import type { Plugin, PluginScope } from './plugin.ts'

/**
 * A plugin of the scope by `name_1_0_0`, `name_v1`, `name@1.0.0`, a feature URI, or its name where there is one
 * version of it. Throws `not_found`, with the versions there are.
 */
export async function findScopedPlugin(
  { db }: Pick<Ports, 'db'>,
  scope: PluginScope,
  identifier: string,
  deployedIn = scope.namespaceId,
): Promise<Plugin> {
  const found = await findPluginRows(db, scope, wantedBy(identifier), deployedIn)
  return chosen(found, identifier)
}

/** Of the namespace's own and the organization's that it has enabled, its own winning. Throws `not_found`. */
export async function findPlugin(
  { db }: Pick<Ports, 'db'>,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
  identifier: string,
): Promise<Plugin> {
  const wanted = wantedBy(identifier)
  const scope = { organizationId: namespace.organizationId, namespaceId: namespace.id }
  const own = await findPluginRows(db, scope, wanted)
  const enabled = (await readEnabledPlugins(db, namespace.id)).filter(
    ({ pluginId, name }) => wanted.pluginIds.includes(pluginId) || name === wanted.name,
  )
  return chosen([...own, ...enabled], identifier)
}

function wantedBy(identifier: string): { pluginIds: string[]; name: string } {
  const name = parseFeatureUri(identifier)?.extractor ?? identifier
  return { pluginIds: pluginIdsMeant(identifier), name }
}

function chosen(found: readonly Plugin[], identifier: string): Plugin {
  for (const id of pluginIdsMeant(identifier)) {
    const exact = found.find(({ pluginId }) => pluginId === id)
    if (exact) return exact
  }
  const named = found.filter(({ name }) => name === identifier)
  const [only, ...others] = named
  if (only && others.length === 0) return only
  const ids = found.map(({ pluginId }) => pluginId).join(', ')
  throw fail('not_found', {
    resource: 'plugin',
    id: identifier,
    ...(ids !== '' && { hint: `There is ${ids}.` }),
  })
}
