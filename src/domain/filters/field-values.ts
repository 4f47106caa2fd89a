import type { Payload } from '../../ports/vector-engine.ts'
import { everyElement, fieldPaths, pathKeys, storedPath } from './field-path.ts'

/** What the engine does not store because it follows from the point and its namespace. */
export interface DocumentIdentity {
  documentId: string
  namespaceId: string
}

/**
 * The values of a field in one document: those at the first of its paths that the document has. A list counts as
 * one value here; `elementsOf` opens it.
 */
export function fieldValues(
  payload: Payload,
  field: string,
  identity?: DocumentIdentity,
): readonly unknown[] {
  const paths = fieldPaths(field)
  for (const path of paths) {
    const values = pathValues(payload, path, identity)
    if (hasValue(values)) return values
  }
  return []
}

/** The values at one path, as the engine finds them: lists are entered only by `[]` and `[0]`. */
export function pathValues(
  payload: Payload,
  path: string,
  identity?: DocumentIdentity,
): readonly unknown[] {
  if (identity && path === '_internal.document_id') return [identity.documentId]
  if (identity && path === '_internal.namespace_id') return [identity.namespaceId]
  let values: unknown[] = [payload]
  for (const key of pathKeys(storedPath(path))) {
    const next: unknown[] = []
    for (const value of values) step(value, key, next)
    if (next.length === 0) return next
    values = next
  }
  return values
}

/** Each value, lists opened one level: what a condition compares with. */
export function elementsOf(values: readonly unknown[]): unknown[] {
  return values.flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]))
}

/** Present: some value is there; null counts, an empty list holds nothing (one meaning with the engine). */
export function hasValue(values: readonly unknown[]): boolean {
  return values.some((value) => !Array.isArray(value) || value.length > 0)
}

/** Whether a value, or an element of a list, is null. */
export function hasNull(values: readonly unknown[]): boolean {
  return values.some((value) => value === null || (Array.isArray(value) && value.includes(null)))
}

function step(value: unknown, key: string | number | typeof everyElement, into: unknown[]): void {
  if (typeof key === 'string') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    if (Object.hasOwn(value, key)) into.push((value as Record<string, unknown>)[key])
  } else if (Array.isArray(value)) {
    if (key === everyElement) into.push(...value)
    else if (key < value.length) into.push(value[key])
  }
}
