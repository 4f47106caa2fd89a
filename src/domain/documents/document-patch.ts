import { pathKeys } from '../filters/field-path.ts'

type Fields = Record<string, unknown>

/**
 * The root fields that a PATCH changes, as they are afterwards: root keys replace, dotted keys reach into nested
 * objects (contract 16.2), null removes. An undefined value says that the root field goes.
 */
export function changedFields(fields: Readonly<Fields>, changes: Readonly<Fields>): Fields {
  const changed: Fields = {}
  for (const [name, value] of Object.entries(changes)) {
    const [root, ...rest] = pathKeys(name).map(String)
    if (root === undefined) continue
    if (rest.length === 0) changed[root] = value ?? undefined
    else
      changed[root] = withNested(
        Object.hasOwn(changed, root) ? changed[root] : fields[root],
        rest,
        value,
      )
  }
  return changed
}

/** The fields with the changes made. */
export function patched(fields: Readonly<Fields>, changes: Readonly<Fields>): Fields {
  const result: Fields = { ...fields, ...changedFields(fields, changes) }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined))
}

/** Objects on the way are copied, anything else on the way gives place to an object. */
function withNested(value: unknown, keys: readonly string[], leaf: unknown): unknown {
  const [key, ...rest] = keys
  if (key === undefined) return leaf ?? undefined
  const copy: Fields =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  const nested = withNested(copy[key], rest, leaf)
  if (nested === undefined) delete copy[key]
  else copy[key] = nested
  return copy
}
