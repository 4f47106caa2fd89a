import { extractorIdOf } from '../extractors/extractor-id.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { pickVersion } from '../extractors/pick-extractor.ts'
import { fail, type Fault } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import type { NamespaceExtractor } from './namespace.ts'
import type { ExtractorRequest } from './namespace-request.ts'

export interface NamedExtractors {
  extractors: Extractor[]
  /** In the same order, as a namespace keeps them. */
  featureExtractors: NamespaceExtractor[]
}

/**
 * The extractors that `requests` name, of those available, each once; a plugin's parameters by its own schema.
 * Throws `not_found` for an unknown one, `request_invalid` for one that is named twice.
 */
export function parseExtractorRequests(
  available: readonly Extractor[],
  requests: readonly ExtractorRequest[],
  location: Fault['location'] = ['body', 'feature_extractors'],
): NamedExtractors {
  const extractors: Extractor[] = []
  const featureExtractors: NamespaceExtractor[] = []
  const faults: Fault[] = []
  for (const [i, { feature_extractor_name: name, version, params }] of requests.entries()) {
    const extractor = pickVersion(available, name, version)
    if (!extractor) throw unknownExtractor(available, extractorIdOf(name, version))
    if (extractors.includes(extractor)) {
      const message = `${extractor.id} is in the list twice; name it once`
      faults.push({ location: [...location, i], message, type: 'duplicate' })
    }
    extractors.push(extractor)
    featureExtractors.push({
      feature_extractor_name: extractor.name,
      version: extractor.version,
      feature_extractor_id: extractor.id,
      ...(params && { params: paramsOf(extractor, params, [...location, i, 'params']) }),
    })
  }
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return { extractors, featureExtractors }
}

/** What a built-in extractor is given here is a collection's to say, and shown as it was sent. */
function paramsOf(
  extractor: Extractor,
  params: Record<string, unknown>,
  location: Fault['location'],
): Record<string, unknown> {
  if (extractor.source === 'builtin') return params
  return extractor.parseParameters(params, location).parameters
}

function unknownExtractor(available: readonly Extractor[], id: string) {
  const known = available.map((extractor) => extractor.id)
  const hint = `Known are ${known.join(', ')}${suggestion(id, known) || '.'}`
  return fail('not_found', { resource: 'feature extractor', id, hint })
}
