import type { Collection } from '../collections/collection.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'
import type { Census } from './census.ts'
import { collectionsToReprocess } from './collections-to-reprocess.ts'
import { planVectors, withAdded, type VectorPlan, type Vectors } from './plan-vectors.ts'
import type { ReconfigureStrategy } from './reconfiguration.ts'

export interface PlanInput {
  strategy: ReconfigureStrategy
  /** Whether we make the documents again ourselves. */
  isReprocess: boolean
  present: Vectors
  wanted: Vectors
  census: Census
  collections: readonly PlannedCollection[]
}

export type PlannedCollection = Pick<Collection, 'id' | 'enabled' | 'source'> & {
  /** Names of the vectors that its extractor fills. */
  vectors: readonly string[]
}

/** What a reconfigure will do, to be shown or to be done. */
export interface ReconfigurePlan {
  strategy: ReconfigureStrategy
  isReprocess: boolean
  vectors: VectorPlan
  /** Names of the present schema, in the order of the wanted one: a stored schema has none of its own. */
  present: string[]
  /** The schema afterwards. */
  after: Record<string, VectorDefinition>
  points: number
  pointsDeleted: number
  pointsCopied: number
  /** Documents that nothing can make again and that cannot be carried over either. */
  pointsRefused: number
  collections: string[]
  /** Of the new generation once its documents are back, or of the vectors added; an estimate. */
  diskBytes: number
}

/** Pure: the same input gives the same plan (M-10). */
export function planReconfigure(input: PlanInput): ReconfigurePlan {
  const { strategy, isReprocess, present, wanted, census } = input
  const vectors = planVectors(present, wanted)
  const isOnline = strategy === 'online'
  const after = isOnline ? { ...wanted, ...withAdded(present, wanted) } : { ...wanted }
  const copied = isOnline ? 0 : sum(census, ({ sourceless }) => sourceless)
  return {
    strategy,
    isReprocess,
    vectors,
    present: Object.keys({ ...wanted, ...present }).filter((name) => Object.hasOwn(present, name)),
    after,
    points: census.points,
    pointsDeleted: isOnline || isReprocess ? 0 : census.points - copied,
    pointsCopied: copied,
    pointsRefused: isOnline ? 0 : census.refused,
    collections: isOnline ? ofAdded(input, vectors) : ofLost(input),
    diskBytes: isOnline
      ? census.points * bytesOf(wanted, vectors.added)
      : census.points * (census.payloadBytes + bytesOf(wanted, Object.keys(wanted))),
  }
}

/** No document was lost: only those count that get a vector which they do not have. */
function ofAdded({ collections }: PlanInput, { added, rebound }: VectorPlan): string[] {
  const fresh = new Set([...added, ...rebound])
  const affected = collections.filter(({ vectors }) => vectors.some((name) => fresh.has(name)))
  return collectionsToReprocess(collections, new Set(affected.map(({ id }) => id)), () => false)
}

/** Those that had documents which are not carried over, and those that get another vector. */
function ofLost({ collections, census, present, wanted }: PlanInput): string[] {
  const { added, changed } = planVectors(present, wanted)
  const fresh = new Set([...added, ...changed])
  const affected = collections.filter(({ id, vectors }) => {
    const { documents = 0, sourceless = 0 } = census.collections.get(id) ?? {}
    return documents > sourceless || (documents > 0 && vectors.some((name) => fresh.has(name)))
  })
  return collectionsToReprocess(
    collections,
    new Set(affected.map(({ id }) => id)),
    (id) => (census.collections.get(id)?.sourceless ?? 0) > 0,
  )
}

function sum(
  { collections }: Census,
  of: (counts: { documents: number; sourceless: number }) => number,
): number {
  return [...collections.values()].reduce((total, counts) => total + of(counts), 0)
}

/** Four bytes a dimension; a sparse vector's size is not known ahead. */
function bytesOf(vectors: Vectors, names: readonly string[]): number {
  return names.reduce((total, name) => total + 4 * (vectors[name]?.dimensions ?? 0), 0)
}
