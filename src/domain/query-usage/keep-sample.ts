import type { Config } from '../../config.ts'
import type { Filter } from '../filters/filter.ts'
import type { AnsweredRead } from './record-read.ts'
import type { ShapeCount, UsageMemory } from './usage-memory.ts'

/** Of the memory for reads, what samples may have: a quarter. */
const memoryShare = 4
/** A larger filter is no sample. */
const sampleBytesMax = 16_384

/**
 * Keeps the read with the values of its filter, to be replayed (design 4); of more than querySamplesMax of a shape a
 * random selection, each read as likely as any other. Whether it is written is decided when it would be.
 */
export function keepSample(
  { querySamplesMax }: Pick<Config, 'querySamplesMax'>,
  memory: UsageMemory,
  entry: ShapeCount,
  { asked, filter, scope, using, limit, durationMs }: AnsweredRead,
  at: number,
): void {
  if (filter === null) return
  const place = placeOf(entry, querySamplesMax)
  if (place === null) return
  const size = sizeOf(filter)
  if (size > sampleBytesMax) return
  if (memory.sampleBytes + size > memory.bytesMax / memoryShare) return
  memory.sampleBytes += size
  memory.bytes += size
  entry.size += size
  entry.samples[place] = {
    shape: entry.shape,
    kind: asked.kind,
    filter,
    collectionIds: scope.collectionIds && [...scope.collectionIds],
    using,
    limit,
    durationMs,
    at: new Date(at),
  }
}

function placeOf(entry: ShapeCount, most: number): number | null {
  entry.sampled += 1
  if (entry.samples.length < most) return entry.samples.length
  const place = Math.floor(Math.random() * entry.sampled)
  return place < most ? place : null
}

/** Bytes of a filter, estimated, and no further than it matters. */
function sizeOf(filter: Filter): number {
  if (filter.kind === 'leaf') return 200 + 2 * filter.field.length + bytesOf(filter.value)
  let size = 100
  for (const child of filter.filters) {
    size += sizeOf(child)
    if (size > sampleBytesMax) return size
  }
  return size
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 16
  for (const each of Array.isArray(value) ? value : Object.values(value)) {
    size += 16 + bytesOf(each)
    if (size > sampleBytesMax) return size
  }
  return size
}
