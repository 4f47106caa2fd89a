import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deployedPlugins } from '../plugins/deployed-plugins.ts'
import { pluginExtractor } from '../plugins/plugin-extractor.ts'
import type { Plugin } from '../plugins/plugin.ts'
import type { Extractor } from './extractor.ts'

/** A plugin's row is one object as long as the cache keeps it; every search asks for its extractor. */
const made = new WeakMap<Plugin, Extractor>()

/** The deployed plugins of a namespace, its own and its organization's that are enabled in it, as extractors. */
export async function pluginExtractorsOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
): Promise<readonly Extractor[]> {
  return (await deployedPlugins(ports, namespace)).map(extractorOf)
}

function extractorOf(plugin: Plugin): Extractor {
  const known = made.get(plugin)
  if (known) return known
  const extractor = pluginExtractor(plugin)
  made.set(plugin, extractor)
  return extractor
}
