import { hash } from 'node:crypto'
import type { Filter } from '../filters/filter.ts'
import type { AskedKind } from '../query-usage/asked-read.ts'

/** A recorded query, as far as it is asked again: what `readSamples` of the store gives. */
export interface AskedSample {
  /** Text of its shape: kind, fields, operators and kinds of values, no values. */
  shape: string
  kind: AskedKind
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
  /** Payload paths that it reads. */
  paths: string[]
  /** Queries in the time that is looked at. */
  count: number
}

/** What one recorded query took, each time it was asked. */
export interface MeasuredSample {
  /** The same before and after an index; see `sampleKey`. */
  key: string
  /** Milliseconds of each run, warm-up left out. */
  ms: number[]
}

export interface MeasuredShape {
  shape: string
  /** Its share of the recorded queries of the shapes that were measured; 0 for control reads. */
  weight: number
  /** Recorded queries of it that were asked. */
  samples: number
  p50Ms: number
  p95Ms: number
  /** Quartiles. */
  spreadMs: [number, number]
  /** Payload paths that it reads. */
  paths: string[]
  /** Absent where only figures are kept. */
  runs?: MeasuredSample[]
}

/** How long recorded queries took, asked in turns in one run (design 4, Proof). */
export interface Measurement {
  shapes: MeasuredShape[]
  rounds: number
  /** Of the namespace. */
  documents: number
  /** ISO 8601. */
  takenAt: string
}

/** Name of the shape whose reads no payload index changes: what the machine did meanwhile shows in them. */
export const controlShape = 'control: a page of documents without a filter'

/**
 * A measurement as it is kept for good: without the runs of single queries, whose keys could tell whether somebody
 * asked for a guessed value (design 4, recorded queries are personal data).
 */
export function figuresOf(measurement: Measurement): Measurement {
  const shapes = measurement.shapes.map(({ runs: _runs, ...figures }) => figures)
  return { ...measurement, shapes }
}

/** Names a recorded query for as long as it is remembered: two of the same words are one. */
export function sampleKey(sample: Omit<AskedSample, 'shape'>): string {
  const { kind, filter, collectionIds, using, limit } = sample
  return hash('sha256', JSON.stringify([kind, filter, collectionIds, using, limit])).slice(0, 12)
}
