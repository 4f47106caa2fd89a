import type { Ports } from '../../ports/ports.ts'
import { lockObject, replaceObject } from '../../store/objects.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { uniqueValueOf } from '../buckets/unique-key.ts'
import { fail, invalid } from '../failure.ts'
import type { StoredObject } from './object.ts'
import {
  checkFields,
  fieldValue,
  prepareObject,
  type ObjectSpec,
  type PreparedObject,
} from './prepare-object.ts'
import { forgetContents, keepContents, putContents } from './write-objects.ts'

type Needs = Pick<Ports, 'db' | 'blobs' | 'now' | 'newId' | 'config'>

/**
 * PUT and PATCH (contract 12): root fields given replace their namesakes, null removes one; `metadata` is merged key
 * by key; blobs given replace those of the same property. Nothing is processed again.
 * Throws `not_found`, `request_invalid` where the whole would break the schema or change the unique key.
 */
export async function updateObject(
  ports: Needs,
  bucket: Bucket,
  id: string,
  spec: ObjectSpec,
): Promise<StoredObject> {
  const change = changeOf(ports, bucket, spec)
  await putContents(ports, change.contents)
  return await ports.db.transaction().execute(async (tx) => {
    await keepContents(ports, tx, change.contents)
    const before = await lockObject(tx, bucket.id, id)
    if (!before) throw fail('not_found', { resource: 'object', id })
    const after = merged(before, change, spec, ports.now())
    checkMerged(bucket, before, after)
    const updatedAt = await replaceObject(tx, after)
    await forgetContents(tx, change.contents)
    return { ...after, updatedAt }
  })
}

/** Types of what is given are checked at once; what is required, only on the merged whole. */
function changeOf(ports: Needs, bucket: Bucket, spec: ObjectSpec): PreparedObject {
  const optional = Object.fromEntries(
    Object.entries(bucket.fields).map(([name, field]) => [name, { ...field, required: false }]),
  )
  return prepareObject(ports, { ...bucket, fields: optional, uniqueKey: null }, spec)
}

function merged(
  before: StoredObject,
  change: PreparedObject,
  spec: ObjectSpec,
  at: Date,
): StoredObject {
  const replaced = new Set(change.blobs.map(({ property }) => property))
  const kept = before.blobs.filter(({ property }) => !replaced.has(property))
  // Rows are written anew, so kept ones are numbered before the new.
  const blobs = [...kept, ...change.blobs].map((blob, position) => ({ ...blob, position }))
  return {
    ...before,
    keyPrefix: 'key_prefix' in spec ? change.keyPrefix : before.keyPrefix,
    fields: mergedFields(before.fields, change.fields),
    blobs,
    updatedAt: at,
  }
}

function mergedFields(before: Record<string, unknown>, change: Record<string, unknown>) {
  const fields = { ...before, ...change }
  if (isObject(before['metadata']) && isObject(change['metadata'])) {
    fields['metadata'] = { ...before['metadata'], ...change['metadata'] }
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

function checkMerged(bucket: Bucket, before: StoredObject, after: StoredObject): void {
  const values = new Map(after.blobs.map((blob) => [blob.property, blob.data ?? blob]))
  const valueOf = (name: string) => values.get(name) ?? fieldValue(after.fields, name)
  checkFields(bucket, after.fields, valueOf)
  if (!bucket.uniqueKey) return
  // Documents are named by the key: another key would leave the old documents behind.
  if (uniqueValueOf(bucket.uniqueKey, valueOf) === before.uniqueValue) return
  const [field = 'unique_key'] = bucket.uniqueKey.fields
  throw invalid(['body', field], 'is part of the unique key, which cannot change', 'immutable')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
