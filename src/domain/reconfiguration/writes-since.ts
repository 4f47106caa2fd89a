import { isDeepStrictEqual } from 'node:util'
import { internalOf, type DocumentRecord } from '../documents/document.ts'
import { retrieveDocuments } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { sortedDocuments, type CensusPorts } from './census.ts'

/** Documents compared at once. */
const documentsMax = 500

/**
 * How many documents of the live generation an undo would lose: those that nothing can make again, and that the
 * earlier generation has not, or has otherwise. What can be made again from sources does not count (design 7).
 */
export async function countWritesSince(
  ports: CensusPorts,
  live: Namespace,
  earlier: Namespace,
): Promise<number> {
  let count = 0
  for await (const { sourceless } of sortedDocuments(ports, live)) {
    const ids = [...sourceless]
    for (let i = 0; i < ids.length; i += documentsMax) {
      count += await countDifferent(ports, live, earlier, ids.slice(i, i + documentsMax))
    }
  }
  return count
}

async function countDifferent(
  ports: CensusPorts,
  live: Namespace,
  earlier: Namespace,
  pointIds: readonly string[],
): Promise<number> {
  const everything = { select: null, withVectors: false }
  const now = await retrieveDocuments(ports, live, pointIds, everything)
  const before = await retrieveDocuments(ports, earlier, pointIds, everything)
  const byId = new Map(before.map((record) => [record.pointId, record]))
  return now.filter((record) => !isThere(record, byId.get(record.pointId))).length
}

/** Of an extracted document only what a user changed in it is nowhere else. */
function isThere({ payload }: DocumentRecord, before: DocumentRecord | undefined): boolean {
  if (!before) return false
  const { origin, patch } = internalOf(payload)
  if (origin === 'extracted')
    return isDeepStrictEqual(patch ?? {}, internalOf(before.payload).patch ?? {})
  return isDeepStrictEqual(payload, before.payload)
}
