import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { builtinExtractors } from './catalogue.ts'
import type { Extractor } from './extractor.ts'
import { pickExtractor } from './pick-extractor.ts'
import { pluginExtractorsOf } from './plugin-extractors-of.ts'

export type ExtractorNeeds = Pick<Ports, 'db' | 'cache'>

/** Everything that a namespace can extract with: what is built in, then its deployed plugins. From memory. */
export async function extractorsOf(
  ports: ExtractorNeeds,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
): Promise<readonly Extractor[]> {
  return [...builtinExtractors, ...(await pluginExtractorsOf(ports, namespace))]
}

/** By any of its names (`pickExtractor`); null for one that the namespace does not have, or not deployed. */
export async function findExtractor(
  ports: ExtractorNeeds,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
  id: string,
): Promise<Extractor | null> {
  return pickExtractor(await extractorsOf(ports, namespace), id)
}
