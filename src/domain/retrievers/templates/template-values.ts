import { Missing } from './expression.ts'

/** An object whose keys may be read; lists and everything else are none. */
export function isOpen(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Missing)
  )
}

export function fieldKeys(value: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(value)
}

/** What stands below an own key of an object, or at a place of a list, from its end below zero; else undefined. */
export function ownValue(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return /^-?\d+$/.test(String(key)) ? value.at(Number(key)) : undefined
  return isOpen(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** What counts as no: nothing, null, false, 0, and what is empty. */
export function isTrue(value: unknown): boolean {
  if (value instanceof Missing || value === undefined) return false
  if (Array.isArray(value)) return value.length > 0
  return isOpen(value) ? fieldKeys(value).length > 0 : Boolean(value)
}

export function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === null || value === undefined || value instanceof Missing
    ? ''
    : JSON.stringify(value)
}

/** For messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value as number)}`
}
