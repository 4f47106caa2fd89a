import { parseFeatureUri } from '../extractors/feature-uri.ts'
import { resolveFeature, type Features } from '../extractors/features-of.ts'
import { isRecord } from '../parse-parameters.ts'
import type { StageConfig } from './retriever.ts'
import type { Location } from './stage.ts'

interface NamedFeature {
  uri: string
  location: Location
}

/** Throws `request_invalid` listing the valid URIs where a stage names a feature that the namespace lacks. */
export function checkFeatures(
  features: Features,
  stages: readonly StageConfig[],
  location: Location,
): void {
  for (const { uri, location: at } of namedFeatures(stages, location)) {
    resolveFeature(features, uri, [...at])
  }
}

/** The features that the stages search by, as the contract's FeatureAddress (contract 17.1). */
export function featureDependencies(stages: readonly StageConfig[]) {
  const addresses = namedFeatures(stages, []).flatMap(({ uri }) => parseFeatureUri(uri) ?? [])
  const unique = new Map(addresses.map((address) => [JSON.stringify(address), address]))
  return [...unique.values()].map(({ extractor, version, output }) => ({
    scheme: 'mixpeek',
    extractor,
    version,
    ...(output !== null && { output }),
  }))
}

/** A templated URI is known only when the retriever runs. */
function namedFeatures(stages: readonly StageConfig[], location: Location): NamedFeature[] {
  return stages.flatMap(({ config }, i) => {
    const { searches } = config.parameters
    if (!Array.isArray(searches)) return []
    return searches.flatMap((search: unknown, j): NamedFeature[] => {
      const uri = isRecord(search) ? search['feature_uri'] : undefined
      if (typeof uri !== 'string' || uri.includes('{{')) return []
      return [
        { uri, location: [...location, i, 'config', 'parameters', 'searches', j, 'feature_uri'] },
      ]
    })
  })
}
