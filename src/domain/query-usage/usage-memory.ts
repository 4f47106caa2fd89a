import type { Config } from '../../config.ts'
import type { Logger } from '../../ports/logger.ts'
import type { QuerySample, SlowRead } from '../../store/query-usage.ts'
import type { Db } from '../../store/tables.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedKind } from './asked-read.ts'
import type { AnsweredRead } from './record-read.ts'
import { addHistograms } from './histogram.ts'
import { CountedNames, type Counted, type SharedMemory } from './counted-names.ts'
import type { FieldCounts, FieldUses, ShapeCounts } from './usage-counts.ts'

/** One field's counts until they are written. */
export interface FieldCount extends Counted, FieldCounts<number>, FieldUses {}

/** One shape's counts until they are written. */
export interface ShapeCount extends Counted, ShapeCounts<number> {
  samples: QuerySample[]
  /** Reads that might have become samples. */
  sampled: number
}

export interface NamespaceUsage {
  /** As the last read had it. */
  namespace: Namespace
  fields: CountedNames<FieldCount>
  shapes: CountedNames<ShapeCount>
  slow: SlowRead[]
}

export interface WaitingRead {
  namespace: Namespace
  read: AnsweredRead
  /** Milliseconds since 1970. */
  at: number
  config: Config
  log: Logger
}

/** What one process remembers of reads, one a database. */
export interface UsageMemory extends SharedMemory {
  namespaces: Map<string, NamespaceUsage>
  /** Answered, not counted yet. */
  waiting: WaitingRead[]
  countTimer: NodeJS.Timeout | null
  /** Of the samples among `bytes`. */
  sampleBytes: number
  /** Reads that were not counted since the last writing. */
  lost: number
  timer: NodeJS.Timeout | null
  /** The timer was set early because something was full. */
  isHurried: boolean
  /** The writing under way. */
  flushing: Promise<void> | null
  flushedAt: number
}

const memories = new WeakMap<Db, UsageMemory>()

export function usageMemory(db: Db, { usageBytesMax }: Pick<Config, 'usageBytesMax'>): UsageMemory {
  const known = memories.get(db)
  if (known) return known
  const made: UsageMemory = {
    namespaces: new Map(),
    waiting: [],
    countTimer: null,
    bytes: 0,
    bytesMax: usageBytesMax,
    isFull: false,
    sketch: null,
    sampleBytes: 0,
    lost: 0,
    timer: null,
    isHurried: false,
    flushing: null,
    flushedAt: -Infinity,
  }
  memories.set(db, made)
  return made
}

/** Bytes of a namespace's empty tables. */
export const namespaceSize = 1_000

/** Null where memory has no room for one more namespace until the next writing. */
export function namespaceUsage(
  memory: UsageMemory,
  namespace: Namespace,
  { usageFieldsMax, usageShapesMax }: Pick<Config, 'usageFieldsMax' | 'usageShapesMax'>,
): NamespaceUsage | null {
  const { id } = namespace
  const known = memory.namespaces.get(id)
  if (known) {
    known.namespace = namespace
    return known
  }
  if (memory.bytes + namespaceSize > memory.bytesMax) {
    memory.isFull = true
    return null
  }
  memory.bytes += namespaceSize
  const made: NamespaceUsage = {
    namespace,
    fields: new CountedNames(memory, usageFieldsMax, `${id} field `),
    shapes: new CountedNames(memory, usageShapesMax, `${id} shape `),
    slow: [],
  }
  memory.namespaces.set(id, made)
  return made
}

/** Of an entry without its texts: objects, numbers, and a histogram. */
const entrySize = 1_200

export function fieldSize(path: string, field: string): number {
  return entrySize + 2 * (path.length + field.length)
}

export function shapeSize(shape: string, fields: readonly { path: string }[]): number {
  let texts = shape.length
  for (const { path } of fields) texts += path.length
  return entrySize + 2 * texts
}

export function newFieldCount(path: string, field: string, at: number): FieldCount {
  return {
    path,
    field,
    size: fieldSize(path, field),
    count: 0,
    countError: 0,
    filters: 0,
    sorts: 0,
    groups: 0,
    facets: 0,
    operators: {},
    kinds: {},
    totalMs: 0,
    maxMs: 0,
    histogram: [],
    slow: 0,
    verySlow: 0,
    firstSeen: at,
    lastSeen: at,
  }
}

export function newShapeCount(
  shape: string,
  kind: AskedKind,
  using: string | null,
  paths: string[],
  size: number,
  at: number,
): ShapeCount {
  return {
    shape,
    kind,
    using,
    paths,
    size,
    count: 0,
    countError: 0,
    totalMs: 0,
    histogram: [],
    candidates: 0,
    results: 0,
    firstSeen: at,
    lastSeen: at,
    samples: [],
    sampled: 0,
  }
}

/** Adds one field's counts to another's. */
export function joinFieldCounts(into: FieldCount, from: FieldCount): void {
  joinCounts(into, from)
  into.filters += from.filters
  into.sorts += from.sorts
  into.groups += from.groups
  into.facets += from.facets
  into.slow += from.slow
  into.verySlow += from.verySlow
  into.maxMs = Math.max(into.maxMs, from.maxMs)
  addEach(into.operators, from.operators)
  addEach(into.kinds, from.kinds)
}

/** Adds one shape's counts to another's; its samples are left out. */
export function joinShapeCounts(into: ShapeCount, from: ShapeCount): void {
  joinCounts(into, from)
  into.candidates += from.candidates
  into.results += from.results
}

function joinCounts<
  E extends Counted & Pick<FieldCount, 'totalMs' | 'histogram' | 'firstSeen' | 'lastSeen'>,
>(into: E, from: E): void {
  into.count += from.count
  into.countError += from.countError
  into.totalMs += from.totalMs
  into.firstSeen = Math.min(into.firstSeen, from.firstSeen)
  into.lastSeen = Math.max(into.lastSeen, from.lastSeen)
  into.histogram = addHistograms(into.histogram, from.histogram)
}

function addEach(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count
}
