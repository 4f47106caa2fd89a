import { fail, isFailure } from '../failure.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import { reconfigureRequest } from '../namespaces/reconfigure-request.ts'
import type { Extractor } from './extractor.ts'
import { extractorsOf, type ExtractorNeeds } from './extractors-of.ts'
import { parseFeatureUri, resolveFeatureUri } from './feature-uri.ts'
import { pickVersion } from './pick-extractor.ts'

type Location = (string | number)[]

/** What can be named by a feature URI in a namespace. */
export interface Features {
  namespace: Namespace
  /** Feature URI → vector: the namespace's own, and those that a further extractor writes under the same name. */
  vectors: Record<string, VectorDefinition>
  /** Feature URI → vector that a deployed extractor writes and the namespace lacks. */
  lacking: Record<string, VectorDefinition>
  extractors: readonly Extractor[]
}

/** From memory. */
export async function featuresOf(ports: ExtractorNeeds, namespace: Namespace): Promise<Features> {
  return featuresIn(namespace, await extractorsOf(ports, namespace))
}

/** Two versions of a plugin may share one stored vector: each has a URI of its own for it. */
export function featuresIn(namespace: Namespace, extractors: readonly Extractor[]): Features {
  const own = Object.values(namespace.vectors)
  const vectors = Object.fromEntries(own.map((vector) => [vector.featureUri, vector]))
  const lacking: Features['lacking'] = {}
  for (const extractor of extractors.filter(({ source }) => source === 'custom')) {
    for (const vector of extractor.vectors(namespace.embedding)) {
      const place = hasVector(namespace, vector) ? vectors : lacking
      place[vector.featureUri] ??= vector
    }
  }
  return { namespace, vectors, lacking, extractors }
}

/**
 * The vector that `uri` means (`resolveFeatureUri`). Throws `request_invalid` at `location` for what is none, and
 * `bad_request` with the request to send for one that a deployed plugin writes and the namespace lacks.
 */
export function resolveFeature(
  features: Features,
  uri: string,
  location: Location = ['body', 'feature_uri'],
): VectorDefinition {
  const declared = asDeclared(features, uri)
  try {
    return resolveFeatureUri(features, declared, location)
  } catch (error) {
    const missing = isFailure(error, 'request_invalid') ? lackingOf(features, declared) : null
    if (!missing) throw error
    const request = lackingRequest(features.namespace, [missing])
    throw fail('bad_request', {
      reason: `${missing.featureUri} is a vector of the plugin ${String(missing.extractorId)}, which this namespace lacks.`,
      hint: sentence(request),
      details: { missing_vector_indexes: [missing.name], request },
    })
  }
}

/** Whether the namespace has a vector of this name that can hold it. */
export function hasVector(
  { vectors }: Pick<Namespace, 'vectors'>,
  vector: VectorDefinition,
): boolean {
  const own = Object.hasOwn(vectors, vector.name) ? vectors[vector.name] : undefined
  return (
    own?.type === vector.type &&
    own.dimensions === vector.dimensions &&
    own.distance === vector.distance
  )
}

/** The request that adds these vectors, none of which the namespace has as they are. */
export function lackingRequest(
  namespace: Pick<Namespace, 'id' | 'vectors'>,
  lacking: readonly VectorDefinition[],
) {
  const isChanged = lacking.some(({ name }) => Object.hasOwn(namespace.vectors, name))
  return reconfigureRequest(namespace, isChanged)
}

/** `Send POST /v1/… with {…}.`: a request in a hint. */
export function sentence(request: { method: string; path: string; body: object }): string {
  return `Send ${request.method} ${request.path} with ${JSON.stringify(request.body)}.`
}

/** An author's own URI means the plugin's vector where it has only one (plugin-contract 2.3). */
function asDeclared({ extractors, vectors, lacking }: Features, uri: string): string {
  const address = parseFeatureUri(uri)
  const extractor = address && pickVersion(extractors, address.extractor, address.version)
  const declared = extractor?.declaredUri ?? null
  if (!extractor || declared === null) return uri
  if (parseFeatureUri(declared)?.output !== address.output) return uri
  const own = [...Object.values(vectors), ...Object.values(lacking)].filter(
    ({ extractorId }) => extractorId === extractor.id,
  )
  const [only, ...others] = own
  return only && others.length === 0 ? only.featureUri : uri
}

function lackingOf({ lacking }: Features, uri: string): VectorDefinition | null {
  try {
    return resolveFeatureUri({ vectors: lacking }, uri)
  } catch {
    return null
  }
}
