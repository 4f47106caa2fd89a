/**
 * The value at a source path of an object or document: the literal key first, then the dotted path, then the same in
 * `metadata` (issue 3, part 8). Undefined where there is none.
 */
export function fieldAt(fields: Record<string, unknown>, path: string): unknown {
  const own = valueAt(fields, path)
  if (own !== undefined) return own
  const metadata = fields['metadata']
  return isObject(metadata) ? valueAt(metadata, path) : undefined
}

/** `$.a.b` and `payload.a.b` of prose are `a.b` (contract 15.1). */
export function plainPath(path: string): string {
  return path
    .trim()
    .replace(/^\$\.?/, '')
    .replace(/^payload\./, '')
}

/** The name a path takes at a document's root: `metadata.author` → `author` (contract 15.1). */
export function lastSegment(path: string): string {
  return path.split('.').at(-1) ?? path
}

function valueAt(fields: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path]
  let value: unknown = fields
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
