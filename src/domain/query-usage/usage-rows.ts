import type { FieldUsageRow, ShapeUsageRow } from '../../store/query-usage-writes.ts'
import {
  joinFieldCounts,
  joinShapeCounts,
  type FieldCount,
  type ShapeCount,
} from './usage-memory.ts'

const hourMs = 3_600_000

/** Rows of fields as the database takes them, each hour and path once. */
export function fieldRows(counts: readonly FieldCount[]): FieldUsageRow[] {
  return joined(counts, keyOfField, joinFieldCounts).map((one) => ({
    ...one,
    ...times(one),
    path: storable(one.path),
    field: storable(one.field),
    histogram: one.histogram,
  }))
}

/** Rows of shapes as the database takes them, each hour and shape once. */
export function shapeRows(counts: readonly ShapeCount[]): ShapeUsageRow[] {
  return joined(counts, keyOfShape, joinShapeCounts).map((one) => ({
    hour: new Date(hourOf(one)),
    shape: storable(one.shape),
    kind: one.kind,
    paths: one.paths.map(storable),
    using: one.using && storable(one.using),
    count: one.count,
    countError: one.countError,
    totalMs: one.totalMs,
    histogram: one.histogram,
    candidates: one.candidates,
    results: one.results,
    firstSeen: new Date(one.firstSeen),
    lastSeen: new Date(one.lastSeen),
  }))
}

/** PostgreSQL has no place for a NUL, JSON in it none for half a surrogate pair; names of clients may hold both. */
export function storable(name: string): string {
  return name.replaceAll('\u0000', '\ufffd').toWellFormed()
}

interface Timed {
  firstSeen: number
  lastSeen: number
}

function keyOfField(one: FieldCount): string {
  return `${hourOf(one)} ${storable(one.path)}`
}

function keyOfShape(one: ShapeCount): string {
  return `${hourOf(one)} ${storable(one.shape)}`
}

function joined<E>(
  counts: readonly E[],
  keyOf: (one: E) => string,
  join: (into: E, from: E) => void,
): E[] {
  const byKey = new Map<string, E>()
  for (const one of counts) {
    const known = byKey.get(keyOf(one))
    if (known) join(known, one)
    else byKey.set(keyOf(one), one)
  }
  return [...byKey.values()]
}

function times(one: Timed): { hour: Date; firstSeen: Date; lastSeen: Date } {
  return {
    hour: new Date(hourOf(one)),
    firstSeen: new Date(one.firstSeen),
    lastSeen: new Date(one.lastSeen),
  }
}

function hourOf({ lastSeen }: Timed): number {
  return Math.floor(lastSeen / hourMs) * hourMs
}
