import { createHmac, randomBytes } from 'node:crypto'
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
  runs: MeasuredSample[]
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

/** Of this process, told to nobody. */
const secret = randomBytes(16)

/**
 * Names a recorded query, the same for the same words while this process lives; an index is measured before and after
 * by one process. What is kept of it for good tells nobody whether a guessed value was asked for (design 4: recorded
 * queries are personal data).
 */
export function sampleKey(sample: Omit<AskedSample, 'shape'>): string {
  const { kind, filter, collectionIds, using, limit } = sample
  const text = JSON.stringify([kind, filter, collectionIds, using, limit])
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, 12)
}
