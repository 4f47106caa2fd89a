import type { QueryStep } from '../../ports/vector-engine.ts'
import type { Filter } from '../filters/filter.ts'
import type { ReadPlan, Scope } from './read-plan.ts'

/**
 * Is told of each read by the read gate, with what the engine was asked. It travels in the ports of one call; where
 * nobody wants an explanation there is none, and a read pays for one look at an absent property.
 */
export interface ReadTrace {
  told(read: TracedRead): void
  /** That a stage took what was found into memory, and how many documents that were. */
  held(documents: number): void
}

export type TracedRead = TracedSearch | TracedPass | TracedIndexRead

/** A filter as it was asked and as it was carried out. */
export interface TracedFilter {
  filter: Filter | null
  plan: ReadPlan
}

interface Traced {
  scope: Scope
  /** Documents that came back; of a count how many there are, of values how many are different. */
  found: number
  durationMs: number
}

/** One query to the engine by nearness, of one search or of several that are fused. */
export interface TracedSearch extends Traced {
  kind: 'search'
  /** The step as the engine got it, its filter included. */
  searches: (TracedFilter & { step: QueryStep })[]
  fusion: 'rrf' | 'dbsf' | null
  limit: number
  offset: number
}

/** Documents read page by page; the plan's residual is tested on each. */
export interface TracedPass extends Traced, TracedFilter {
  kind: 'pass'
  /** Documents that the engine gave: more than were found where a residual is left. */
  looked: number
  /** False: the reader had enough before the end. */
  isWhole: boolean
}

/** An answer from an index alone: an exact count, an order, or the values of a field. */
export interface TracedIndexRead extends Traced, TracedFilter {
  kind: 'count' | 'order' | 'values'
  /** Of an order or of values: the path of the index that answered. */
  path: string | null
}
