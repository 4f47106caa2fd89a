import type { BucketField } from '../buckets/bucket.ts'
import type { AbsentPlugin } from '../extractors/absent-plugins.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { hasVector, lackingRequest, sentence } from '../extractors/features-of.ts'
import { pickExtractor, pickVersion } from '../extractors/pick-extractor.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { suggestion } from '../nearest-name.ts'
import type { CollectionPlace } from './collection-answer.ts'
import type { CollectionExtractor } from './collection.ts'
import { hasPath, parseMappings } from './parse-mappings.ts'
import { parsePassthrough } from './parse-passthrough.ts'

type Location = (string | number)[]
type Fields = Record<string, BucketField>

export interface ParsedExtractor {
  config: CollectionExtractor
  extractor: Extractor
  /** Worth telling, wrong in nothing. */
  warnings: string[]
}

/**
 * `feature_extractor`, or a `feature_extractors` list of one (contract 15.1, 24), against the source's fields.
 * Throws `request_invalid` for what is wrong in it and `bad_request` where the namespace lacks a vector it writes.
 */
export function parseExtractor(
  { namespace, extractors, absent }: CollectionPlace & { absent: readonly AbsentPlugin[] },
  body: { feature_extractor?: unknown; feature_extractors?: unknown },
  fields: Fields,
): ParsedExtractor {
  const { given, location } = onlyExtractor(body)
  const extractor = extractorOf({ extractors, absent }, given, location)
  const { parameters, warnings } = parametersOf(extractor, namespace, given, location)
  requireVectors(namespace, extractor)
  const passthrough = parsePassthrough(given['field_passthrough'], [
    ...location,
    'field_passthrough',
  ])
  const config: CollectionExtractor = {
    feature_extractor_name: extractor.name,
    version: extractor.version,
    feature_extractor_id: extractor.id,
    parameters,
    input_mappings: parseMappings(extractor, fields, given['input_mappings'], [
      ...location,
      'input_mappings',
    ]),
    field_passthrough: passthrough,
    include_all_source_fields: given['include_all_source_fields'] === true,
  }
  const undeclared = passthrough.filter(({ source_path: path }) => !hasPath(fields, path))
  return {
    config,
    extractor,
    warnings: [
      ...warnings,
      ...undeclared.map(
        ({ source_path: path }) => `field_passthrough: the source's schema has no '${path}'.`,
      ),
    ],
  }
}

function onlyExtractor(body: { feature_extractor?: unknown; feature_extractors?: unknown }) {
  const { feature_extractor: one = null, feature_extractors: many = null } = body
  if (many === null)
    return {
      given: objectAt(one, ['body', 'feature_extractor']),
      location: ['body', 'feature_extractor'],
    }
  const at: Location = ['body', 'feature_extractors']
  if (one !== null)
    throw invalid(at, 'stands beside feature_extractor; send one of the two', 'ambiguous')
  if (!Array.isArray(many) || many.length !== 1) {
    const message = 'must have exactly one entry: a collection has one feature extractor'
    throw invalid(at, message, 'out_of_range', 'Make one collection for each extractor.')
  }
  return { given: objectAt(many[0], [...at, 0]), location: [...at, 0] }
}

function extractorOf(
  { extractors, absent }: { extractors: readonly Extractor[]; absent: readonly AbsentPlugin[] },
  given: Record<string, unknown>,
  location: Location,
): Extractor {
  const at = [...location, 'feature_extractor_name']
  const name = given['feature_extractor_name'] ?? given['feature_extractor_id']
  if (typeof name !== 'string') {
    throw invalid(at, 'must name a feature extractor, such as text_extractor', 'missing')
  }
  const version = versionOf(given['version'], [...location, 'version'])
  const pick = <E extends Extractor | AbsentPlugin>(from: readonly E[]): E | null => {
    if (version === null) return pickExtractor(from, name)
    const byId = pickExtractor(from, name)
    // An id has its version in it, which may stand beside it once more.
    return pickVersion(from, name, version) ?? (byId && pickVersion([byId], byId.name, version))
  }
  const found = pick(extractors)
  if (found) return found
  const disabled = pick(absent)
  if (disabled) throw disabledError(disabled)
  const versions = extractors.filter((one) => one.name === name).map((one) => one.version)
  if (versions.length > 0) {
    const what = version === null ? 'is missing' : `is '${version}', which is none`
    const message = `${what}; ${name} has ${versions.join(', ')}`
    throw invalid([...location, 'version'], message, 'invalid_value')
  }
  const known = [...new Set(extractors.map((one) => one.name))]
  const tail = suggestion(name, known) || `; this namespace has ${known.join(', ')}`
  throw invalid(at, `'${name}' is no feature extractor here${tail}`, 'unknown_extractor')
}

function disabledError({ reason, request }: AbsentPlugin) {
  const hint = `${request.method} ${request.path} brings it there.`
  return fail('bad_request', { reason, hint, details: { request } })
}

function versionOf(given: unknown, location: Location): string | null {
  if (given === undefined || given === null) return null
  if (typeof given === 'string' || typeof given === 'number') return `${given}`
  throw invalid(location, "must be a string, such as 'v1'", 'wrong_type')
}

/** `params` is the older word; generated clients send both, one of them null (contract 15.1). */
function parametersOf(
  extractor: Extractor,
  namespace: Namespace,
  given: Record<string, unknown>,
  location: Location,
) {
  const key = isObject(given['parameters']) ? 'parameters' : 'params'
  const values = {
    ...optional(given['params'], [...location, 'params']),
    ...optional(given['parameters'], [...location, 'parameters']),
  }
  return extractor.parseParameters(values, [...location, key], namespace.embedding)
}

/** Without its vectors the extractor's documents could not be written; nothing is made that cannot work. */
function requireVectors(namespace: Namespace, extractor: Extractor): void {
  const missing = extractor
    .vectors(namespace.embedding)
    .filter((vector) => !hasVector(namespace, vector))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  const request =
    extractor.source === 'custom'
      ? lackingRequest(namespace, missing)
      : registerRequest(namespace, extractor)
  throw fail('bad_request', {
    reason: `Namespace '${namespace.name}' lacks the vectors ${names.join(', ')} that ${extractor.id} writes.`,
    hint: `${sentence(request)} Then this request again.`,
    details: { missing_vector_indexes: names, request },
  })
}

/** What adds a built-in extractor's vectors (contract 10.4): naming it. */
function registerRequest(namespace: Namespace, { name, version }: Extractor) {
  const body = { feature_extractors: [{ feature_extractor_name: name, version }] }
  return { method: 'PATCH', path: `/v1/namespaces/${namespace.id}`, body }
}

function optional(value: unknown, location: Location): Record<string, unknown> {
  return value === undefined || value === null ? {} : objectAt(value, location)
}

function objectAt(value: unknown, location: Location): Record<string, unknown> {
  if (isObject(value)) return value
  const kind = value === undefined || value === null ? 'missing' : 'wrong_type'
  throw invalid(location, 'must be an object', kind)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
