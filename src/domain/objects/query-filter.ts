import type { Bucket } from '../buckets/bucket.ts'
import { invalid } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import { nearestName } from '../nearest-name.ts'

/** What every object answers with besides its own fields. */
const ownFields = [
  'object_id',
  'bucket_id',
  'key_prefix',
  'status',
  'error',
  'created_at',
  'updated_at',
]

/**
 * Filters that stand in the query, `?metadata.type=video&year=1999` (contract 4): all must hold, a name given twice
 * means any of its values. A text that reads as a number or a boolean matches these as well. Null where there are
 * none. Throws `request_invalid` for a name that is no field of the bucket: a mistyped `limit` must not match nothing.
 */
export function queryFilter(
  bucket: Pick<Bucket, 'fields'>,
  query: Readonly<Record<string, unknown>>,
): Filter | null {
  const filters = Object.entries(query).map(([field, given]): Filter => {
    checkField(bucket, field)
    const value = [given].flat().flatMap((text) => readings(String(text)))
    return { kind: 'leaf', field, operator: 'in', value, caseSensitive: null }
  })
  return filters.length === 0 ? null : { kind: 'and', filters }
}

function checkField({ fields }: Pick<Bucket, 'fields'>, field: string): void {
  const known = [...Object.keys(fields), ...ownFields]
  if (field.includes('.') || known.includes(field)) return
  const near = nearestName(field, known)
  const hint =
    near === null ? 'Fields outside of the schema go into filters of the body.' : undefined
  const message = `is no field of the bucket's schema${near === null ? '' : `; did you mean '${near}'?`}`
  throw invalid(['query', field], message, 'unknown_field', hint)
}

function readings(text: string): (string | number | boolean)[] {
  if (text === 'true' || text === 'false') return [text, text === 'true']
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? [text, number] : [text]
}
