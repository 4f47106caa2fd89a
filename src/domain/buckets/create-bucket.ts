import type { Ports } from '../../ports/ports.ts'
import { insertBucket } from '../../store/buckets.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { resourceName, type NameRules } from '../resource-name.ts'
import { parseBucketSchema } from './bucket-schema.ts'
import type { Bucket } from './bucket.ts'
import { parseUniqueKey } from './unique-key.ts'

export const bucketNames: NameRules = { idPrefix: 'bkt', reserved: ['list'] }

/** The body as the client sent it: `name` and `schema` are prose's words (contract 2.2, 24). */
export interface BucketSpec {
  bucket_name?: unknown
  name?: unknown
  description?: string | null | undefined
  bucket_schema?: unknown
  schema?: unknown
  unique_key?: unknown
  metadata?: Record<string, unknown> | null | undefined
}

/** Throws `already_exists` where the namespace has a bucket of that name, `request_invalid` for a wrong schema. */
export async function createBucket(
  ports: Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>,
  namespace: Namespace,
  spec: BucketSpec,
): Promise<Bucket> {
  const bucket = newBucket(ports, namespace, spec)
  if (!(await insertBucket(ports.db, bucket))) {
    throw fail('already_exists', { resource: 'bucket', name: bucket.name })
  }
  ports.cache.forget('buckets')
  return bucket
}

function newBucket(
  { now, newId }: Pick<Ports, 'now' | 'newId'>,
  namespace: Namespace,
  spec: BucketSpec,
) {
  const nameAt = spec.bucket_name === undefined && spec.name !== undefined ? 'name' : 'bucket_name'
  const schema = schemaOf(spec)
  const fields = parseBucketSchema(schema.given, ['body', schema.key])
  const at = now()
  const bucket: Bucket = {
    id: newId('bkt'),
    namespaceId: namespace.id,
    name: resourceName(spec[nameAt], ['body', nameAt], bucketNames),
    description: spec.description ?? null,
    fields,
    uniqueKey: parseUniqueKey(spec.unique_key, fields, ['body', 'unique_key']),
    metadata: spec.metadata ?? {},
    state: 'active',
    createdAt: at,
    updatedAt: at,
  }
  return bucket
}

/** Which of the two words the client used; both at once is 422, for they may differ. */
export function schemaOf(spec: Pick<BucketSpec, 'bucket_schema' | 'schema'>) {
  if (spec.bucket_schema !== undefined && spec.schema !== undefined) {
    throw invalid(
      ['body', 'schema'],
      'stands beside bucket_schema; send one of the two',
      'ambiguous',
    )
  }
  return spec.schema !== undefined
    ? { key: 'schema', given: spec.schema }
    : { key: 'bucket_schema', given: spec.bucket_schema }
}
