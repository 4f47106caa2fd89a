import type { SparseVector } from '../../ports/vector-engine.ts'
import { listDocuments } from '../documents/list-documents.ts'
import {
  countDocuments,
  queryDocuments,
  retrieveDocuments,
  scanDocuments,
  type ReadPorts,
} from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedSample } from './measurement.ts'

/** A vector of a stored document, or the point that has one that cannot be sent back. */
export type StoredVector = Float32Array | SparseVector | string

/** Documents that a read answers where its sample does not say how many. */
const limitDefault = 10
/** A larger limit measures how documents are read, not how they are found. */
const limitMax = 1_000

/**
 * Asks a recorded query again, through the read gate as a client's read goes, but without being recorded. What reads
 * all documents that meet the filter to answer (group, facet, sort) is asked for their ids. `vectors`: of which a
 * search takes the one at `turn`; a search without any is not asked: false.
 */
export async function askSample(
  ports: ReadPorts,
  namespace: Namespace,
  sample: AskedSample,
  vectors: readonly StoredVector[],
  turn: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const { kind, filter, collectionIds } = sample
  const scope = { collectionIds }
  const limit = Math.min(sample.limit ?? limitDefault, limitMax)
  switch (kind) {
    case 'search': {
      const query = vectors[turn % vectors.length]
      if (sample.using === null || query === undefined) return false
      const search = { using: sample.using, query, filter: null, limit, minScore: null }
      const request = { searches: [search], fusion: null, filter, limit, offset: 0, ...whole }
      await queryDocuments(ports, namespace, scope, request, signal)
      return true
    }
    case 'list':
    case 'bulk': {
      const request = { filter, sort: [], limit, offset: 0, cursor: null, ...whole }
      await listDocuments(ports, namespace, scope, request, signal)
      return true
    }
    case 'count':
      await countDocuments(ports, namespace, scope, filter, signal)
      return true
    case 'facet':
    case 'group':
    case 'sort':
    case 'aggregate': {
      const request = { filter, select: [], withVectors: false, isLimited: true }
      const pages = scanDocuments(ports, namespace, scope, request, signal)
      while (!(await pages.next()).done);
      return true
    }
  }
}

const whole = { select: null, withVectors: false } as const

/** Documents whose vectors stand in for those of the recorded searches, which are not kept. */
const vectorsMax = 16

/** Vectors of stored documents by name, for the names that the samples search by and the namespace still has. */
export async function storedVectors(
  ports: ReadPorts,
  namespace: Namespace,
  samples: readonly AskedSample[],
  signal?: AbortSignal,
): Promise<Map<string, StoredVector[]>> {
  const used = new Set(samples.flatMap(({ using }) => using ?? []))
  const names = [...used].filter((name) => Object.hasOwn(namespace.vectors, name))
  const found = new Map(names.map((name): [string, StoredVector[]] => [name, []]))
  if (names.length === 0) return found
  for (const ids of await idsThroughout(ports, namespace, signal)) {
    const selection = { select: [], withVectors: names }
    for (const record of await retrieveDocuments(ports, namespace, ids, selection, signal)) {
      for (const [name, vectors] of found) {
        const vector = record.vectors?.[name]
        if (vector && vectors.length < vectorsMax) vectors.push(asQuery(vector, record.pointId))
      }
    }
    if ([...found.values()].every(({ length }) => length >= vectorsMax)) break
  }
  return found
}

/** Ids from four places of the namespace: documents that were written together are often alike, their ids are not. */
async function idsThroughout(
  ports: ReadPorts,
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<string[][]> {
  const starts = ['0', '4', '8', 'c'].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`)
  return await Promise.all(
    starts.map(async (startAt) => {
      const request = { filter: null, startAt, pageSize: 64, select: [], withVectors: false }
      const pages = scanDocuments(ports, namespace, { collectionIds: null }, request, signal)
      const { value } = await pages.next()
      return (value ?? []).map(({ pointId }) => pointId)
    }),
  )
}

function asQuery(vector: number[] | number[][] | SparseVector, pointId: string): StoredVector {
  if (!Array.isArray(vector)) return vector
  const numbers = vector.filter((each) => typeof each === 'number')
  return numbers.length === vector.length ? Float32Array.from(numbers) : pointId
}
