/** What stands in an answer in place of a value that its reader may not see (design 4: recorded values are personal data). */
export const masked = '***'

/**
 * Keys of a ledger entry that say what was done and why, and never hold a value of a document. Whatever stands under
 * another key is masked, so that a new one cannot tell by accident.
 */
const plainKeys: ReadonlySet<string> = new Set([
  'action',
  'event',
  'exceptions',
  'filtered_24h',
  'reason',
  'rule',
  'type',
])

/** A ledger entry's detail for those who may not see values. */
export function maskedDetail(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, plainKeys.has(key) ? value : masked]),
  )
}
