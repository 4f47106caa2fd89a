import type { Ports } from '../../ports/ports.ts'
import { findBucket } from '../buckets/find-bucket.ts'
import type { BucketField } from '../buckets/bucket.ts'
import { fail, invalid } from '../failure.ts'
import { filterLimits } from '../filters/filter-limits.ts'
import { parseFilter } from '../filters/parse-filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { CollectionSource } from './collection.ts'
import { isOpen } from './discover-fields.ts'
import { findCollection } from './find-collection.ts'

type Location = (string | number)[]

/** A checked source with the schema of what it gives: `fields` empty means open, any path may be there. */
export interface ParsedSource {
  source: CollectionSource
  fields: Record<string, BucketField>
}

const sourcesMax = 100

/**
 * A collection's source (contract 15.1): buckets or collections by id or name, `bucket_id` and `collection_id` as
 * aliases. Throws `request_invalid` for a wrong shape, `not_found` for what the namespace does not have.
 */
export async function parseSource(
  ports: Pick<Ports, 'db' | 'cache' | 'config'>,
  namespace: Namespace,
  given: unknown,
  location: Location,
): Promise<ParsedSource> {
  if (!isObject(given)) {
    const kind = given === undefined ? 'missing' : 'wrong_type'
    throw invalid(location, "must be {type: 'bucket', bucket_ids: ['…']}", kind)
  }
  refuseForeignNamespace(namespace, given)
  const buckets = idsOf(given, 'bucket', location)
  const collections = idsOf(given, 'collection', location)
  const type = typeOf(given, buckets, location)
  if (type === 'bucket' && collections) throw misplaced(location, 'collection_ids', type)
  if (type === 'collection' && buckets) throw misplaced(location, 'bucket_ids', type)
  const filters = given['source_filters'] ?? null
  checkFilters(ports, filters, [...location, 'source_filters'])
  const parsed =
    type === 'bucket'
      ? await bucketSource(ports, namespace, buckets, location)
      : await collectionSource(ports, namespace, collections, location)
  return filters === null
    ? parsed
    : { ...parsed, source: { ...parsed.source, source_filters: wrapped(filters) } }
}

/** The filter of `source_filters`, which wraps it in `filters` or is it. */
export function sourceFilter(
  config: Ports['config'],
  given: unknown,
  location: Location = ['body', 'source', 'source_filters'],
) {
  const wrapped = isObject(given) && 'filters' in given
  const at = wrapped ? [...location, 'filters'] : location
  return parseFilter(wrapped ? given['filters'] : given, at, {
    inputs: {},
    limits: filterLimits(config),
  })
}

/** Answers have one form, whichever came in. */
function wrapped(filters: unknown): unknown {
  return isObject(filters) && 'filters' in filters ? filters : { filters }
}

function checkFilters({ config }: Pick<Ports, 'config'>, given: unknown, location: Location): void {
  if (given !== null) sourceFilter(config, given, location)
}

async function bucketSource(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  identifiers: readonly string[] | null,
  location: Location,
): Promise<ParsedSource> {
  if (!identifiers)
    throw invalid([...location, 'bucket_ids'], 'is missing; name at least one bucket', 'missing')
  const buckets = []
  for (const identifier of identifiers) buckets.push(await findBucket(ports, namespace, identifier))
  const [first] = buckets
  const fields = first?.fields ?? {}
  const other = buckets.find((bucket) => shapeOf(bucket.fields) !== shapeOf(fields))
  if (other) {
    const message = `'${other.name}' and '${first?.name}' differ in their fields, types or required flags`
    throw invalid([...location, 'bucket_ids'], message, 'schema_mismatch')
  }
  return {
    source: { type: 'bucket', bucket_ids: [...new Set(buckets.map(({ id }) => id))] },
    fields,
  }
}

async function collectionSource(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  identifiers: readonly string[] | null,
  location: Location,
): Promise<ParsedSource> {
  if (!identifiers) {
    throw invalid(
      [...location, 'collection_ids'],
      'is missing; name at least one collection',
      'missing',
    )
  }
  const upstream = []
  for (const identifier of identifiers) {
    upstream.push(await findCollection(ports, namespace, identifier))
  }
  const fields = Object.assign({}, ...upstream.map(({ outputSchema }) => outputSchema))
  return {
    source: { type: 'collection', collection_ids: [...new Set(upstream.map(({ id }) => id))] },
    fields: isOpen(fields) ? {} : fields,
  }
}

function typeOf(
  given: Record<string, unknown>,
  buckets: readonly string[] | null,
  location: Location,
): 'bucket' | 'collection' {
  const type = given['type'] ?? (buckets ? 'bucket' : 'collection')
  if (type === 'bucket' || type === 'collection') return type
  if (type === 'taxonomy' || type === 'cluster') {
    throw fail('not_enabled', { feature: `A source of type ${type}` })
  }
  throw invalid([...location, 'type'], "must be 'bucket' or 'collection'", 'invalid_value')
}

function idsOf(
  given: Record<string, unknown>,
  noun: 'bucket' | 'collection',
  location: Location,
): string[] | null {
  const [many, one] = [given[`${noun}_ids`] ?? null, given[`${noun}_id`] ?? null]
  if (many === null && one === null) return null
  const at = [...location, many === null ? `${noun}_id` : `${noun}_ids`]
  const ids: unknown = many ?? [one]
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > sourcesMax) {
    throw invalid(at, `must be a list of 1 to ${sourcesMax} ids or names`, 'wrong_type')
  }
  return ids.map((id: unknown, i) => {
    if (typeof id === 'string' && id !== '') return id
    throw invalid([...at, i], 'must be an id or a name', 'wrong_type')
  })
}

function misplaced(location: Location, key: string, type: string) {
  return invalid([...location, key], `does not belong to a source of type ${type}`, 'misplaced')
}

function refuseForeignNamespace(namespace: Namespace, given: Record<string, unknown>): void {
  const foreign = given['source_namespace_id'] ?? namespace.id
  if (foreign === namespace.id || foreign === namespace.name) return
  throw fail('not_enabled', { feature: 'A source in another namespace' })
}

/** What has to be equal between the buckets of one source (contract 15.1). */
function shapeOf(fields: Record<string, BucketField>): string {
  const entries = Object.entries(fields).map(([name, { type, required }]) => [
    name,
    type,
    required ?? false,
  ])
  return JSON.stringify(entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
