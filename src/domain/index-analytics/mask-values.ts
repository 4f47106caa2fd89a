import type { Filter } from '../filters/filter.ts'

/** What stands in an answer in place of a value that its reader may not see (design 4: recorded values are personal data). */
export const masked = '***'

/** The filter with its fields and operators, without any value. */
export function maskedFilter(filter: Filter): Filter {
  if (filter.kind === 'leaf') return { ...filter, value: masked }
  return { ...filter, filters: filter.filters.map(maskedFilter) }
}

/**
 * Keys of a ledger entry whose strings say what was done and why, and never hold a value of a document. Whatever
 * stands under another key is masked, so that a new one cannot tell by accident.
 */
const plainKeys: ReadonlySet<string> = new Set([
  'action',
  'actor',
  'ending',
  'error',
  'event',
  'field_name',
  'from',
  'kind',
  'origin',
  'path',
  'reason',
  'rule',
  'to',
  'type',
  'verdict',
])

/** A ledger entry's detail without values: numbers, flags and what stands under known keys stay. */
export function maskedDetail(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, maskedUnder(key, value)]),
  )
}

function maskedUnder(key: string, value: unknown): unknown {
  if (typeof value === 'number' && key === 'value') return masked
  if (typeof value === 'string') return plainKeys.has(key) ? value : masked
  if (Array.isArray(value)) return value.map((one) => maskedUnder(key, one))
  if (typeof value === 'object' && value !== null) return maskedDetail({ ...value })
  return value
}
