import type { DocumentRecord } from '../documents/document.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'

/** One point in two generations; null where it is not. */
export interface PointPair {
  live: DocumentRecord | null
  coming: DocumentRecord | null
}

/** Pairs handed over at once. */
const pairsMax = 500

/**
 * Every point of two generations of a namespace side by side, in the order of ids, with `_internal`. Pages of both are
 * merged as they come: memory does not grow with the documents.
 */
export async function* diffGenerations(
  ports: ReadPorts,
  live: Namespace,
  coming: Namespace,
): AsyncGenerator<PointPair[], void, undefined> {
  const [left, right] = [recordsOf(ports, live), recordsOf(ports, coming)]
  let [a, b] = [await next(left), await next(right)]
  let pairs: PointPair[] = []
  while (a !== null || b !== null) {
    const isLeft = a !== null && (b === null || a.pointId <= b.pointId)
    const isRight = b !== null && (a === null || b.pointId <= a.pointId)
    pairs.push({ live: isLeft ? a : null, coming: isRight ? b : null })
    if (isLeft) a = await next(left)
    if (isRight) b = await next(right)
    if (pairs.length < pairsMax) continue
    yield pairs
    pairs = []
  }
  if (pairs.length > 0) yield pairs
}

async function* recordsOf(
  ports: ReadPorts,
  namespace: Namespace,
): AsyncGenerator<DocumentRecord, void, undefined> {
  const scan = { filter: null, select: ['_internal'], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan))
    yield* page
}

async function next(
  records: AsyncGenerator<DocumentRecord, void, undefined>,
): Promise<DocumentRecord | null> {
  const { value } = await records.next()
  return value ?? null
}
