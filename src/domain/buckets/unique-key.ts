import { fail, invalid, type Fault } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import { UniqueKey, fileTypes, type Bucket, type BucketField } from './bucket.ts'

export const policies = ['insert', 'update', 'upsert'] as const
export type Policy = (typeof policies)[number]

/** Longest value of one field of a unique key (contract 11). */
const valueLengthMax = 255

/** Checked against the schema: the fields exist there and hold scalars. Throws `request_invalid`. */
export function parseUniqueKey(
  given: unknown,
  fields: Record<string, BucketField>,
  location: (string | number)[],
): UniqueKey | null {
  if (given === undefined || given === null) return null
  const parsed = UniqueKey.safeParse(given)
  if (!parsed.success) {
    const wanted = "must be {fields: ['sku'], default_policy: 'insert' | 'update' | 'upsert'}"
    throw invalid(location, wanted, 'wrong_type')
  }
  const faults = parsed.data.fields.flatMap((name, i) =>
    fieldFault(name, fields, [...location, 'fields', i]),
  )
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return parsed.data
}

/**
 * `?policy=`, else the key's default. Null where the bucket has no unique key.
 * Throws `bad_request` where a key asks for a policy and there is none (contract 11).
 */
export function policyOf(
  bucket: Pick<Bucket, 'uniqueKey' | 'name'>,
  asked: Policy | null,
): Policy | null {
  if (!bucket.uniqueKey) {
    if (asked === null) return null
    const reason = `Bucket '${bucket.name}' has no unique key, so policy '${asked}' means nothing here.`
    throw fail('bad_request', {
      reason,
      hint: 'Leave out policy, or give the bucket a unique_key when it is made.',
    })
  }
  const policy = asked ?? bucket.uniqueKey.default_policy
  if (policy) return policy
  const reason = `Bucket '${bucket.name}' has a unique key without a default policy.`
  throw fail('bad_request', { reason, hint: 'Send ?policy=insert, update or upsert.' })
}

/**
 * Canonical JSON of the key's values: equal objects have equal texts. `valueOf` finds a field wherever the object
 * keeps it. Throws `request_invalid` for an absent, null, non-scalar or overlong value.
 */
export function uniqueValueOf(key: UniqueKey, valueOf: (field: string) => unknown): string {
  const faults: Fault[] = []
  const values = key.fields.map((field) => {
    const value = valueOf(field)
    const message = valueFault(value)
    if (message)
      faults.push({ location: ['body', field], message: `${field} ${message}`, type: 'unique_key' })
    return value
  })
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return JSON.stringify(values)
}

function valueFault(value: unknown): string | null {
  if (value === undefined || value === null) return 'is missing; it is part of the unique key'
  if (typeof value === 'number' || typeof value === 'boolean') return null
  if (typeof value !== 'string') {
    return 'is part of the unique key and must be a string, number or boolean'
  }
  if (value.length <= valueLengthMax) return null
  return `is part of the unique key and must have at most ${valueLengthMax} characters`
}

function fieldFault(
  name: string,
  fields: Record<string, BucketField>,
  location: (string | number)[],
): Fault[] {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (!field) {
    const tail = suggestion(name, Object.keys(fields))
    return [
      {
        location,
        message: `'${name}' is not in the bucket's schema${tail}`,
        type: 'unknown_field',
      },
    ]
  }
  const isScalar =
    field.type === 'text' ||
    (!fileTypes.includes(field.type) && !['object', 'array'].includes(field.type))
  if (isScalar) return []
  return [
    {
      location,
      message: `'${name}' is of type ${field.type}, which is no scalar`,
      type: 'wrong_type',
    },
  ]
}
