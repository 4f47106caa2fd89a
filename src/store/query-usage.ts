import type { Filter } from '../domain/filters/filter.ts'
import type { AskedKind } from '../domain/query-usage/asked-read.ts'
import type { Db } from './tables.ts'

/** How one field was used by clients' reads in a range of time. */
export interface FieldUsage {
  /** As a client last wrote it. */
  field: string
  /** Where its values stand, as payload indexes name it. */
  path: string
  /** Reads that named it; never too small. */
  count: number
  /** By how much `count` may be too large: 0 but where more names came than are kept. */
  countError: number
  count24h: number
  count7d: number
  /** Reads that filtered by it in the last 24 hours: what the documented rule counts. */
  filtered24h: number
  /** Different shapes of reads that named it. */
  uniqueQueries: number
  /** Operator → conditions. */
  operators: Record<string, number>
  /** Kind of value in the filter → conditions. */
  kinds: Record<string, number>
  /** Reads by what they used it for. */
  uses: Record<'filter' | 'sort' | 'group' | 'facet', number>
  totalMs: number
  maxMs: number
  /** domain/query-usage/histogram.ts. */
  histogram: number[]
  /** Reads of more than 500 ms, and of more than 1,000 ms. */
  slow: number
  verySlow: number
  firstSeen: Date
  lastSeen: Date
}

/** How often reads of one shape came in a range of time, and what they cost. */
export interface ShapeUsage {
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
  firstSeen: Date
  lastSeen: Date
}

/** A read that took long: no value of its filter is kept. */
export interface SlowRead {
  retrieverId: string | null
  shape: string
  durationMs: number
  results: number
  /** Fields as the client named them. */
  fields: string[]
  at: Date
}

/** A real read, to be replayed (design 4): personal data, kept for 48 hours at most. */
export interface QuerySample {
  shape: string
  kind: AskedKind
  filter: Filter
  collectionIds: string[] | null
  using: string | null
  limit: number | null
  durationMs: number
  at: Date
}

/** Fields by how often they were named, most first. */
export async function readFieldUsage(
  _db: Db,
  _namespaceId: string,
  _range: { since: Date },
): Promise<FieldUsage[]> {
  return await Promise.resolve([])
}

/** Shapes by how often they came, most first; only those that name `path` where it is given. */
export async function readShapeUsage(
  _db: Db,
  _namespaceId: string,
  _range: { since: Date; path?: string },
): Promise<ShapeUsage[]> {
  return await Promise.resolve([])
}

/** The slowest reads first. */
export async function readSlowReads(
  _db: Db,
  _namespaceId: string,
  _range: { since: Date; minMs: number; limit: number },
): Promise<SlowRead[]> {
  return await Promise.resolve([])
}

/** The newest samples first; only of shapes that name `path` where it is given. */
export async function readSamples(
  _db: Db,
  _namespaceId: string,
  _options: { path?: string; limit: number },
): Promise<QuerySample[]> {
  return await Promise.resolve([])
}
