import type { Ports } from '../../ports/ports.ts'
import { changeBucket, type BucketChange } from '../../store/buckets.ts'
import { isUniqueViolation } from '../../store/unique-violation.ts'
import { fail, invalid } from '../failure.ts'
import { resourceName } from '../resource-name.ts'
import { parseBucketSchema } from './bucket-schema.ts'
import type { Bucket } from './bucket.ts'
import { bucketNames, schemaOf, type BucketSpec } from './create-bucket.ts'

/**
 * PUT and PATCH are one (contract 11): what is absent stays. A schema is replaced whole and may not lose a field of
 * the unique key; objects that are there already are not checked again.
 */
export async function updateBucket(
  ports: Pick<Ports, 'db' | 'cache'>,
  bucket: Bucket,
  spec: BucketSpec,
): Promise<Bucket> {
  const change = changeOf(bucket, spec)
  try {
    const changed = await changeBucket(ports.db, bucket.id, change)
    if (!changed) throw fail('not_found', { resource: 'bucket', id: bucket.id })
    ports.cache.forget('buckets')
    return changed
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw fail(
        'already_exists',
        { resource: 'bucket', name: change.name ?? '' },
        { cause: error },
      )
    }
    throw error
  }
}

function changeOf(bucket: Bucket, spec: BucketSpec): BucketChange {
  const name = spec.bucket_name ?? spec.name
  const schema = schemaOf(spec)
  if (spec.unique_key !== undefined && !isSameKey(bucket, spec.unique_key)) {
    throw invalid(['body', 'unique_key'], 'cannot change once the bucket is made', 'immutable')
  }
  return {
    ...(name !== undefined &&
      name !== null && { name: resourceName(name, ['body', 'bucket_name'], bucketNames) }),
    ...(spec.description !== undefined && { description: spec.description }),
    ...(spec.metadata && { metadata: spec.metadata }),
    ...(schema.given !== undefined &&
      schema.given !== null && { fields: fieldsOf(bucket, schema.given, ['body', schema.key]) }),
  }
}

function fieldsOf(bucket: Bucket, given: unknown, location: string[]) {
  const fields = parseBucketSchema(given, location)
  const lost = bucket.uniqueKey?.fields.find((name) => !Object.hasOwn(fields, name))
  if (lost === undefined) return fields
  const message = `lacks '${lost}', which is part of the bucket's unique key`
  throw invalid([...location, 'properties'], message, 'immutable')
}

/** An echoed key is no change: clients send back what they read. */
function isSameKey(bucket: Bucket, given: unknown): boolean {
  return given === null || JSON.stringify(given) === JSON.stringify(bucket.uniqueKey)
}
