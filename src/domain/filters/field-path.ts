/**
 * One resolver for everything that names a field (design 6, paths): filters, payload indexes, sort, group_by,
 * facets. A field's name is a dotted path; `name[]` reads every element of a list, `"a.b"` in quotes is one key.
 */

/** Names that the system's own fields have for clients, and where their values stand (contract 5.5). */
const systemFields: ReadonlyMap<string, string> = new Map([
  ['internal_id', '_internal.internal_id'],
  ['namespace_id', '_internal.namespace_id'],
  ['collection_id', '_internal.collection_id'],
  ['document_id', '_internal.document_id'],
  ['object_id', '_internal.object_id'],
  ['bucket_id', '_internal.bucket_id'],
  ['root_object_id', '_internal.root_object_id'],
  ['root_bucket_id', '_internal.root_bucket_id'],
  ['source_type', '_internal.source_type'],
  ['source_object_id', '_internal.source_object_id'],
  ['source_collection_id', '_internal.source_collection_id'],
  ['source_document_id', '_internal.source_document_id'],
  ['created_at', '_internal.created_at'],
  ['updated_at', '_internal.updated_at'],
])

/** `object_id` and `bucket_id` are older words for two fields of the lineage. */
const storedUnder: ReadonlyMap<string, string> = new Map([
  ['_internal.object_id', '_internal.source_object_id'],
  ['_internal.bucket_id', '_internal.root_bucket_id'],
])

/** Root keys that no client or plugin may write: they would hide, or forge, what the system says (design 7). */
export const reservedRootKeys: ReadonlySet<string> = new Set([
  '_internal',
  '_vectors',
  'internal_id',
  'namespace_id',
  'collection_id',
  'document_id',
  'root_object_id',
  'root_bucket_id',
  'source_type',
  'source_object_id',
  'source_collection_id',
  'source_document_id',
])

/**
 * Names of system fields that a document may use for a field of its own; in such a document the own one wins
 * (contract 5.5: the literal path comes first).
 */
export const ambiguousRootKeys: ReadonlySet<string> = new Set(
  [...systemFields.keys()].filter((name) => !reservedRootKeys.has(name)),
)

/**
 * Root keys of documents that stand before another place of a field (`fieldPaths`): where no document has one, that place
 * need not be looked at. So few that every write tells of them.
 */
export const watchedRootKeys: readonly string[] = ['metadata', ...ambiguousRootKeys]

/**
 * The payload path that an index, a sort or a group on `field` uses: `created_at` → `_internal.created_at`,
 * `metadata.category` → `category`, where passthrough puts it (contract 5.5, 15.1); any other path as it is.
 */
export function resolveFieldPath(field: string): string {
  const system = systemFields.get(field)
  if (system) return system
  const lineage = /^_internal\.lineage\.(.+)$/.exec(field)?.[1]
  if (lineage !== undefined) return `_internal.${lineage}`
  const stripped = withoutMetadata(field)
  return stripped === null || reservedRootKeys.has(stripped) ? field : stripped
}

/**
 * Every place where the values of `field` may stand, the first one that a document has winning:
 * the literal path, then the system's, then the path without `metadata.` (contract 5.5).
 */
export function fieldPaths(field: string): readonly string[] {
  const known = pathsByField.get(field)
  if (known) return known
  const paths = findPaths(field)
  if (pathsByField.size >= pathsKeptMax) pathsByField.clear()
  pathsByField.set(field, paths)
  return paths
}

/** Where the values of a path really stand in a payload: two of the system's names are older words. */
export function storedPath(path: string): string {
  return storedUnder.get(path) ?? path
}

/**
 * The path as the engine reads it, keys with a dot or bracket in quotes; null where it has no way to say it
 * (a key with `"` or `\\`, a path that begins with an index).
 */
export function enginePath(path: string): string | null {
  const keys = pathKeys(path)
  if (typeof keys[0] !== 'string') return null
  if (keys.some((key) => typeof key === 'string' && /["\\]/.test(key))) return null
  return keys.map(engineStep).join('').slice(1)
}

/** The root key of a path: `metadata` of `metadata.a[].b`. */
export function rootKeyOf(path: string): string {
  const first = pathKeys(path)[0]
  return typeof first === 'string' ? first : path
}

/** The step of a path that reads every element of a list. */
export const everyElement = Symbol('every element of a list')

/** The steps of a path, as the engine reads it. Quoted keys lose their quotes. */
export function pathKeys(path: string): readonly (string | number | typeof everyElement)[] {
  const known = keysByPath.get(path)
  if (known) return known
  const keys = splitPath(path)
  if (keysByPath.size >= pathsKeptMax) keysByPath.clear()
  keysByPath.set(path, keys)
  return keys
}

function engineStep(key: string | number | typeof everyElement): string {
  if (typeof key === 'number') return `[${key}]`
  if (key === everyElement) return '[]'
  return /[.[\]]/.test(key) || key === '' ? `."${key}"` : `.${key}`
}

const pathsKeptMax = 10_000
const pathsByField = new Map<string, readonly string[]>()
const keysByPath = new Map<string, readonly (string | number | typeof everyElement)[]>()

function findPaths(field: string): readonly string[] {
  const stripped = withoutMetadata(field)
  if (stripped !== null) return [field, ...findPaths(stripped)]
  return ambiguousRootKeys.has(field) ? [field, resolveFieldPath(field)] : [resolveFieldPath(field)]
}

function withoutMetadata(field: string): string | null {
  const stripped = field.startsWith('metadata.') ? field.slice('metadata.'.length) : ''
  return stripped === '' || stripped.startsWith('_') ? null : stripped
}

function splitPath(path: string): (string | number | typeof everyElement)[] {
  const steps: (string | number | typeof everyElement)[] = []
  for (const [, quoted, plain, index] of path.matchAll(/"([^"]*)"|([^.[\]"]+)|\[(\d*)\]/g)) {
    if (quoted !== undefined) steps.push(quoted)
    else if (plain !== undefined) steps.push(plain)
    else steps.push(index === '' || index === undefined ? everyElement : Number(index))
  }
  return steps
}
