import { invalid } from '../failure.ts'

const wholeTemplate = /^\{\{\s*inputs?\.([A-Za-z0-9_.\-[\]]+)\s*\}\}$/i

/** Whether a value is to be found in the inputs of an execution: `{"type":"dynamic",…}` or `"{{INPUT.x}}"`. */
export function isDynamic(value: unknown): boolean {
  return dynamicPath(value) !== null
}

/**
 * The value with what it asks of the inputs put in its place, types kept (contract 5.4); lists element by element.
 * Throws `request_invalid` at `location` where an input is not given.
 */
export function resolveDynamic(
  value: unknown,
  inputs: Record<string, unknown>,
  location: (string | number)[],
): unknown {
  if (Array.isArray(value)) return value.flatMap((each) => resolveDynamic(each, inputs, location))
  const path = dynamicPath(value)
  if (path === null) return value
  const found = path.split('.').reduce<unknown>(property, inputs)
  if (found === undefined || found === null) {
    throw invalid(location, `takes the input '${path}', which is not given`, 'missing_input')
  }
  return found
}

function dynamicPath(value: unknown): string | null {
  if (typeof value === 'string') return wholeTemplate.exec(value)?.[1] ?? null
  if (typeof value !== 'object' || value === null || !('type' in value)) return null
  if (value.type !== 'dynamic' || !('field' in value) || typeof value.field !== 'string')
    return null
  return value.field.replace(/^inputs?\./i, '')
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}
