import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deployedPlugins } from '../plugins/deployed-plugins.ts'
import { pluginExtractor } from '../plugins/plugin-extractor.ts'
import type { Extractor } from './extractor.ts'

/** The deployed plugins of a namespace, its own and its organization's that are enabled in it, as extractors. */
export async function pluginExtractorsOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
): Promise<readonly Extractor[]> {
  return (await deployedPlugins(ports, namespace)).map(pluginExtractor)
}
