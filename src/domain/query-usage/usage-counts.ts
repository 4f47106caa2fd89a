import type { AskedKind } from './asked-read.ts'

/** What is counted of the reads that named a field; `Time` is a Date, or milliseconds in memory. */
export interface FieldCounts<Time> {
  /** Where its values stand, as payload indexes name it. */
  path: string
  /** As a client last wrote it. */
  field: string
  /** Reads that named it; never too small. */
  count: number
  /** By how much `count` may be too large: 0 but where more names came than are kept. */
  countError: number
  /** Operator → conditions. */
  operators: Record<string, number>
  /** Kind of value in the filter → conditions. */
  kinds: Record<string, number>
  totalMs: number
  maxMs: number
  /** histogram.ts; as long as its last bucket with a read. */
  histogram: number[]
  /** Reads of more than 500 ms, and of more than 1,000 ms. */
  slow: number
  verySlow: number
  firstSeen: Time
  lastSeen: Time
}

/** Reads by what they used a field for. */
export interface FieldUses {
  filters: number
  sorts: number
  groups: number
  facets: number
}

/** What is counted of the reads of one shape. */
export interface ShapeCounts<Time> {
  /** Readable, without any value: `search by text: brand eq text & price gte integer`. */
  shape: string
  kind: AskedKind
  /** Of all fields that it names, sorted. */
  paths: string[]
  using: string | null
  count: number
  totalMs: number
  histogram: number[]
  /** Sums over the reads; candidates of those that knew them. */
  candidates: number
  results: number
  firstSeen: Time
  lastSeen: Time
}
