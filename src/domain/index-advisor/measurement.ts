import type { Filter } from '../filters/filter.ts'

/** A recorded query, as far as it is asked again: what `readSamples` of the store gives. */
export interface AskedSample {
  /** Text of its shape: kind, fields, operators and kinds of values, no values. */
  shape: string
  kind: 'search' | 'list' | 'bulk' | 'count' | 'facet' | 'group' | 'sort' | 'aggregate'
  filter: Filter
  /** Null: all collections of the namespace. */
  collectionIds: string[] | null
  /** Storage vector name of a search. */
  using: string | null
  limit: number | null
}

/** A recorded shape, as far as it weighs: what `readShapeUsage` of the store gives. */
export interface WeighedShape {
  shape: string
  /** Payload paths that its conditions read. */
  paths: string[]
  /** Queries in the time that is looked at. */
  count: number
}

/** What one recorded query took, each time it was asked. */
export interface MeasuredSample {
  /** The same query has the same key before and after; says nothing of its values. */
  key: string
  /** Milliseconds of each run, warm-up left out. */
  ms: number[]
}

export interface MeasuredShape {
  shape: string
  /** Share of the queries of the shapes that were measured, by their recorded frequency; 0 for control reads. */
  weight: number
  /** Recorded queries of it that were asked. */
  samples: number
  p50Ms: number
  p95Ms: number
  /** Quartiles. */
  spreadMs: [number, number]
  paths: string[]
  runs: MeasuredSample[]
}

/** How long recorded queries took, asked in turns in one run (design 4, Proof). */
export interface Measurement {
  shapes: MeasuredShape[]
  rounds: number
  /** Of the namespace. */
  documents: number
  takenAt: string
}

/** Name of the shape whose reads no payload index changes: what the machine did meanwhile shows in them. */
export const controlShape = 'control: a page of documents without a filter'
