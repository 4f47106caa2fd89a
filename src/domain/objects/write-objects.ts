import type { Ports } from '../../ports/ports.ts'
import { insertObjects, lockBlob, lockByUniqueValue, replaceObject } from '../../store/objects.ts'
import type { Db } from '../../store/tables.ts'
import { forgetArrivals, noteArrivals } from '../../store/unused-blobs.ts'
import type { Bucket } from '../buckets/bucket.ts'
import type { Policy } from '../buckets/unique-key.ts'
import { fail, Failure } from '../failure.ts'
import type { StoredObject } from './object.ts'
import type { PreparedObject } from './prepare-object.ts'

type Needs = Pick<Ports, 'db' | 'blobs' | 'now' | 'newId'>

/** What else is to stand with objects, or not at all: in the transaction that writes them. */
export type AlsoWrite = (tx: Db, stored: readonly StoredObject[]) => Promise<void>

/**
 * Writes checked objects in one transaction, each by the bucket's policy (contract 11): the object as stored, or
 * why this one was not, in the order given. Contents go to the blob store first, so no row names bytes that are not
 * there. `also` is given those that were stored, where there are any.
 */
export async function writeObjects(
  ports: Needs,
  bucket: Bucket,
  prepared: readonly PreparedObject[],
  policy: Policy | null,
  also?: AlsoWrite,
): Promise<(StoredObject | Failure)[]> {
  const contents = prepared.flatMap((object) => object.contents)
  await putContents(ports, contents)
  return await ports.db.transaction().execute(async (tx) => {
    await keepContents(ports, tx, contents)
    const results = new Map<PreparedObject, StoredObject | Failure>()
    // Of two with one key in one request, the second must meet the first.
    for (const wave of wavesOf(prepared)) await writeWave(ports, tx, bucket, wave, policy, results)
    // Of an object that was refused, the content stays noted: perhaps no row names it.
    const written = prepared.filter((object) => !(results.get(object) instanceof Failure))
    await forgetContents(
      tx,
      written.flatMap((object) => object.contents),
    )
    const stored = [...results.values()].flatMap((one) => (one instanceof Failure ? [] : [one]))
    if (stored.length > 0) await also?.(tx, stored)
    return prepared.map((object) => results.get(object) ?? neverWritten(object))
  })
}

/** Noted before they are put: where no row comes to name them, they are removed again. */
export async function putContents(
  { db, blobs }: Pick<Ports, 'db' | 'blobs'>,
  contents: PreparedObject['contents'],
): Promise<void> {
  await noteArrivals(db, hashesOf(contents))
  for (const { bytes } of contents) await blobs.put(bytes)
}

/** The same as `putContents` noted: now rows name them. */
export async function forgetContents(tx: Db, contents: PreparedObject['contents']): Promise<void> {
  await forgetArrivals(tx, hashesOf(contents))
}

function hashesOf(contents: PreparedObject['contents']): string[] {
  return [...new Set(contents.map(({ hash }) => hash))]
}

/** The lock keeps a deletion from removing content between the look and the commit of the rows that name it. */
export async function keepContents(
  { blobs }: Pick<Ports, 'blobs'>,
  tx: Db,
  contents: PreparedObject['contents'],
): Promise<void> {
  for (const { hash, bytes } of contents.toSorted((a, b) => (a.hash < b.hash ? -1 : 1))) {
    await lockBlob(tx, hash, 'shared')
    if (!(await blobs.has(hash))) await blobs.put(bytes)
  }
}

async function writeWave(
  ports: Needs,
  tx: Db,
  bucket: Bucket,
  wave: readonly PreparedObject[],
  policy: Policy | null,
  results: Map<PreparedObject, StoredObject | Failure>,
): Promise<void> {
  const values = wave.flatMap(({ uniqueValue }) => uniqueValue ?? [])
  const known = policy === null ? new Map() : await lockByUniqueValue(tx, bucket.id, values)
  const fresh = new Map<StoredObject, PreparedObject>()
  for (const object of wave) {
    const found = object.uniqueValue === null ? undefined : known.get(object.uniqueValue)
    if (!found && policy === 'update') results.set(object, missing(bucket, object))
    else if (!found) fresh.set(newObject(ports, bucket, object), object)
    else if (policy === 'insert') results.set(object, taken(object))
    else results.set(object, await overwrite(ports, tx, bucket, object, found))
  }
  const written = await insertObjects(tx, [...fresh.keys()])
  const raced: PreparedObject[] = []
  for (const [stored, object] of fresh) {
    if (written.has(stored.id)) results.set(object, stored)
    else if (policy === 'upsert') raced.push(object)
    else results.set(object, taken(object))
  }
  await overwriteRaced(ports, tx, bucket, raced, results)
}

/** Another request wrote the key between the look and the insert, which waited for its commit. */
async function overwriteRaced(
  ports: Needs,
  tx: Db,
  bucket: Bucket,
  raced: readonly PreparedObject[],
  results: Map<PreparedObject, StoredObject | Failure>,
): Promise<void> {
  const values = raced.flatMap(({ uniqueValue }) => uniqueValue ?? [])
  const known = await lockByUniqueValue(tx, bucket.id, values)
  for (const object of raced) {
    const found = known.get(object.uniqueValue ?? '')
    if (found) results.set(object, await overwrite(ports, tx, bucket, object, found))
  }
}

async function overwrite(
  ports: Needs,
  tx: Db,
  bucket: Bucket,
  object: PreparedObject,
  found: { id: string; createdAt: Date },
): Promise<StoredObject> {
  const stored = { ...newObject(ports, bucket, object), ...found }
  return { ...stored, updatedAt: await replaceObject(tx, stored) }
}

/** Each wave has a unique value once; objects without one are all in the first. */
function wavesOf(prepared: readonly PreparedObject[]): PreparedObject[][] {
  const seen = new Map<string, number>()
  const waves: PreparedObject[][] = []
  for (const object of prepared) {
    const before = object.uniqueValue === null ? 0 : (seen.get(object.uniqueValue) ?? 0)
    if (object.uniqueValue !== null) seen.set(object.uniqueValue, before + 1)
    const wave = (waves[before] ??= [])
    wave.push(object)
  }
  return waves
}

function newObject(
  { now, newId }: Pick<Ports, 'now' | 'newId'>,
  bucket: Bucket,
  object: PreparedObject,
) {
  const at = now()
  const stored: StoredObject = {
    id: newId('obj'),
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    keyPrefix: object.keyPrefix,
    uniqueValue: object.uniqueValue,
    fields: object.fields,
    status: 'DRAFT',
    error: null,
    createdAt: at,
    updatedAt: at,
    blobs: object.blobs,
  }
  return stored
}

function taken({ uniqueValue }: PreparedObject): Failure {
  return fail('already_exists', { resource: 'object with unique key', name: uniqueValue ?? '' })
}

function missing(bucket: Bucket, { uniqueValue }: PreparedObject): Failure {
  const hint = `Bucket '${bucket.name}' has no object with this unique key; send policy=upsert to create it.`
  return fail('not_found', { resource: 'object', id: uniqueValue ?? '', hint })
}

function neverWritten({ uniqueValue }: PreparedObject): Failure {
  return fail('conflict', {
    reason: `The object ${uniqueValue ?? ''} was not written; send it again.`,
  })
}
