import { invalid } from '../failure.ts'
import { nearestName } from '../nearest-name.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'

type Vectors = Pick<Namespace, 'vectors'>
type Location = (string | number)[]

const scheme = 'mixpeek://'

/**
 * What the original's pages call the output of an extractor with a single dense vector, whatever its model
 * (contract 9.1, design 6): clients hold these in their code.
 */
const commonOutputs = [
  'embedding',
  'text_embedding',
  'multilingual_e5_large_instruct_v1',
  'multilingual_e5_large_instruct',
  'intfloat__multilingual_e5_large_instruct',
]

interface FeatureAddress {
  extractor: string
  version: string
  output: string | null
}

/** `mixpeek://text_extractor@v1/embedding`: the canonical address of an extractor's output. */
export function featureUriOf(extractor: string, version: string, output: string): string {
  return `${scheme}${extractor}@${version}/${output}`
}

/** The parts of a feature URI, with or without its scheme; null where it is none. */
export function parseFeatureUri(uri: string): FeatureAddress | null {
  const rest = uri.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
  const [, extractor, version, output] = /^([^@/]+)@([^/]+)(?:\/(.*))?$/.exec(rest) ?? []
  if (extractor === undefined || version === undefined) return null
  return { extractor, version, output: output === undefined || output === '' ? null : output }
}

/**
 * The namespace's vector that `uri` means: the canonical URI, the extractor's address with any documented output
 * name, the address alone where it has one vector, a storage name, or an inference name.
 * Throws `request_invalid` at `location` with the valid URIs.
 */
export function resolveFeatureUri(
  namespace: Vectors,
  uri: string,
  location: Location = ['body', 'feature_uri'],
): VectorDefinition {
  const vectors = Object.values(namespace.vectors)
  const exact = vectors.find((vector) => vector.featureUri === uri || vector.name === uri)
  if (exact) return exact

  const address = parseFeatureUri(uri)
  const candidates = address ? candidatesOf(vectors, address) : namedBy(vectors, uri)
  const [only, ...others] = candidates
  if (only && others.every(({ name }) => name === only.name)) return only
  throw unknownUri(uri, only ? candidates : vectors, only !== undefined, location)
}

function candidatesOf(
  vectors: readonly VectorDefinition[],
  address: FeatureAddress,
): VectorDefinition[] {
  const own = vectors.filter((vector) => isOf(vector, address))
  const { output } = address
  if (output === null) return own
  const named = namedBy(own, output)
  if (named.length > 0) return named
  const dense = own.filter((vector) => vector.type === 'dense')
  return dense.length === 1 && commonOutputs.includes(output.toLowerCase()) ? dense : []
}

function namedBy(vectors: readonly VectorDefinition[], name: string): VectorDefinition[] {
  return vectors.filter((vector) => {
    const outputs = [vector.name, vector.inferenceName, vector.featureUri.split('/').at(-1)]
    return outputs.includes(name) || vector.name === `${String(vector.extractorId)}_${name}`
  })
}

/** `text_extractor@v1` and `my_plugin@1.0.0` against `text_extractor_v1` and `my_plugin_1_0_0`; `v1` means `1.0.0`. */
function isOf({ extractorId, featureUri }: VectorDefinition, address: FeatureAddress): boolean {
  const own = parseFeatureUri(featureUri)
  if (own && own.extractor === address.extractor)
    return plainVersion(own.version) === plainVersion(address.version)
  return extractorId === `${address.extractor}_${address.version.replaceAll('.', '_')}`
}

/** `v1`, `1` and `1.0` are `1.0.0` (contract 10.2). */
export function plainVersion(version: string): string {
  const [major = '', minor = '0', patch = '0'] = version
    .toLowerCase()
    .replace(/^v/, '')
    .split(/[._]/)
  return `${major}.${minor}.${patch}`
}

function unknownUri(
  uri: string,
  vectors: readonly VectorDefinition[],
  isAmbiguous: boolean,
  location: Location,
): Error {
  const valid = vectors.map((vector) => vector.featureUri)
  const what = isAmbiguous
    ? 'means more than one vector of this namespace'
    : 'is no vector of this namespace'
  const list = valid.length === 0 ? 'it has none' : `its feature URIs are ${valid.join(', ')}`
  const near = isAmbiguous ? null : nearestName(uri, valid)
  const hint = near === null ? undefined : `Did you mean ${near}?`
  return invalid(location, `'${uri}' ${what}; ${list}`, 'unknown_feature', hint)
}
