import type { Ports } from '../../ports/ports.ts'
import { policyOf, type Policy } from '../buckets/unique-key.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { Failure } from '../failure.ts'
import type { StoredObject } from './object.ts'
import { prepareObject, type ObjectSpec, type PreparedObject } from './prepare-object.ts'
import { writeObjects, type AlsoWrite } from './write-objects.ts'

type Needs = Pick<Ports, 'db' | 'blobs' | 'now' | 'newId' | 'config'>

/** One object, status DRAFT: creating does not process it (contract 12). */
export async function createObject(
  ports: Needs,
  bucket: Bucket,
  spec: ObjectSpec,
  policy: Policy | null,
  also?: AlsoWrite,
): Promise<StoredObject> {
  const prepared = prepareObject(ports, bucket, spec)
  const [result] = await writeObjects(ports, bucket, [prepared], policyOf(bucket, policy), also)
  if (result instanceof Failure) throw result
  return at([result], 0)
}

/** What became of one entry of a batch, in its order. */
export type ObjectResult = StoredObject | Failure

/** Many at once, each for itself: a wrong one fails alone (contract 12). */
export async function createObjects(
  ports: Needs,
  bucket: Bucket,
  specs: readonly ObjectSpec[],
  policy: Policy | null,
  also?: AlsoWrite,
): Promise<ObjectResult[]> {
  const byPolicy = policyOf(bucket, policy)
  const prepared = specs.map((spec) => attempt(() => prepareObject(ports, bucket, spec)))
  const right = prepared.flatMap((result) => (result instanceof Failure ? [] : [result]))
  const written = await writeObjects(ports, bucket, right, byPolicy, also)
  const results = new Map<PreparedObject, ObjectResult>(
    right.map((object, i) => [object, at(written, i)]),
  )
  return prepared.map((result) =>
    result instanceof Failure ? result : at([results.get(result)], 0),
  )
}

function attempt<T>(run: () => T): T | Failure {
  try {
    return run()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

function at<T>(list: readonly (T | undefined)[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new Error(`There is no result ${index}`)
  return value
}
