import { isDeepStrictEqual } from 'node:util'
import { carryDocuments } from '../documents/carry-documents.ts'
import { internalOf, type DocumentRecord } from '../documents/document.ts'
import { dropDocuments, repatchDocuments } from '../documents/fill-documents.ts'
import { countDocuments, type ReadPorts } from '../documents/read.ts'
import type { NotePorts } from '../payload-facts/note-writes.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { diffGenerations, type PointPair } from './diff-generations.ts'
import { sourceOf, withSiblings } from './documents-of-sources.ts'

/** What the last look found to mend. */
export interface Reconciled {
  /** Documents that were copied as they are: nothing had made them again. */
  carried: number
  /** Deleted from the live generation, and not yet from the coming one. */
  dropped: number
  repatched: number
}

/**
 * Makes a filled generation what it has to be before it becomes live, while nobody writes: whatever a killed writer or
 * filler left in one generation and not in the other is mended here (M-1, M-9). Throws where the counts do not come out
 * afterwards: then it must not become live.
 */
export async function reconcileGenerations(
  ports: ReadPorts & NotePorts,
  live: Namespace,
  coming: Namespace,
): Promise<Reconciled> {
  const total = { carried: 0, dropped: 0, repatched: 0 }
  let expected = 0
  for await (const pairs of diffGenerations(ports, live, coming)) {
    const { carry, drop, repatch, kept } = await sortPairs(ports, live, coming, pairs)
    await carryDocuments(ports, live, coming, carry)
    await dropDocuments(ports, coming, drop)
    await repatchDocuments(ports, live, coming, repatch)
    total.carried += carry.length
    total.dropped += drop.length
    total.repatched += repatch.length
    expected += kept
  }
  const found = await countDocuments(ports, coming, { collectionIds: null }, null)
  if (found !== expected)
    throw new Error(`The new generation has ${found} documents where ${expected} were to be.`)
  return total
}

interface Sorted {
  carry: string[]
  drop: string[]
  repatch: string[]
  /** How many of these points the coming generation has afterwards. */
  kept: number
}

async function sortPairs(
  ports: ReadPorts,
  live: Namespace,
  coming: Namespace,
  pairs: readonly PointPair[],
): Promise<Sorted> {
  const onlyLive = pairs.flatMap((pair) => (pair.live && !pair.coming ? [pair.live] : []))
  const onlyComing = pairs.flatMap((pair) => (pair.coming && !pair.live ? [pair.coming] : []))
  // A source that was made again, but no longer into this document: it is not made any more.
  const outdated = await withSiblings(ports, coming, onlyLive.filter(isExtracted))
  // A document that its source only now makes.
  const fresh = await withSiblings(ports, live, onlyComing.filter(isExtracted))
  const both = pairs.filter((pair) => pair.live && pair.coming)
  const missing = onlyLive.filter(({ pointId }) => !outdated.has(pointId))
  const differing = both.flatMap((pair) => (isStale(pair) && pair.live ? [pair.live] : []))
  const patched = both.filter((pair) => !isStale(pair) && hasOtherPatch(pair))
  return {
    carry: [...missing, ...differing].map(({ pointId }) => pointId),
    drop: onlyComing.filter(({ pointId }) => !fresh.has(pointId)).map(({ pointId }) => pointId),
    repatch: patched.flatMap(({ live: record }) => record?.pointId ?? []),
    kept: both.length + missing.length + fresh.size,
  }
}

function isExtracted(record: DocumentRecord): boolean {
  return sourceOf(record) !== null
}

/** Both hold it, and the coming generation an older one: of what nothing makes again any other counts as older. */
function isStale({ live, coming }: PointPair): boolean {
  const [now, then] = [internalOf(live?.payload ?? null), internalOf(coming?.payload ?? null)]
  if (now.origin !== 'extracted' || then.origin !== 'extracted')
    return now.origin !== then.origin || now.updated_at !== then.updated_at
  return (then.updated_at ?? '') < (now.updated_at ?? '')
}

function hasOtherPatch({ live, coming }: PointPair): boolean {
  const [now, then] = [internalOf(live?.payload ?? null), internalOf(coming?.payload ?? null)]
  return now.origin === 'extracted' && !isDeepStrictEqual(now.patch ?? {}, then.patch ?? {})
}
