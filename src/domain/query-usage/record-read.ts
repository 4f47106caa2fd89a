import type { Ports } from '../../ports/ports.ts'
import type { Scope } from '../documents/read-plan.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from './asked-read.ts'
import { describeRead, type DescribedRead, type UsedField } from './describe-read.ts'
import { scheduleFlush } from './flush-usage.ts'
import { bucketOf, countIn } from './histogram.ts'
import { keepSample } from './keep-sample.ts'
import {
  fieldSize,
  namespaceUsage,
  newFieldCount,
  newShapeCount,
  shapeSize,
  usageMemory,
  type NamespaceUsage,
  type UsageMemory,
} from './usage-memory.ts'

/** What remembering a read takes. */
export type UsagePorts = Pick<Ports, 'db' | 'queue' | 'config' | 'log' | 'now'>

/** One read that the gate has answered. */
export interface AnsweredRead {
  asked: AskedRead
  filter: Filter | null
  scope: Scope
  /** Storage vector name of a search. */
  using: string | null
  limit: number | null
  durationMs: number
  results: number
  /** Documents that were looked at one by one; null where only the engine knows. */
  candidates: number | null
}

/** Reads longer than these count as slow, and as very slow (contract 21). */
const slowMs = 500
const verySlowMs = 1_000

/** Slow reads of a namespace that wait to be written; of more, the slowest. */
const slowWaitingMax = 256

/**
 * Remembers a read of a client (design 4: the tap): its shape, its fields, how long it took. Nothing waits for it, no
 * SQL is run, and it never throws: a read is worth more than its record.
 */
export function recordRead(ports: UsagePorts, namespace: Namespace, read: AnsweredRead): void {
  try {
    const { asked, filter, using } = read
    if (filter === null && asked.fields === undefined) return
    const described = describeRead(asked, filter, using)
    if (described === null) return
    const memory = usageMemory(ports.db, ports.config)
    const usage = namespaceUsage(memory, namespace, ports.config)
    if (usage === null) memory.lost += 1
    else count(ports, memory, usage, read, described)
    scheduleFlush(ports, memory)
  } catch (error) {
    ports.log.warn({ err: error, namespaceId: namespace.id }, 'a read was not recorded')
  }
}

function count(
  ports: UsagePorts,
  memory: UsageMemory,
  usage: NamespaceUsage,
  read: AnsweredRead,
  described: DescribedRead,
): void {
  const at = ports.now().getTime()
  const bucket = bucketOf(read.durationMs)
  for (const used of described.fields) countField(usage, used, read.durationMs, bucket, at)
  countShape(ports, memory, usage, read, described, bucket, at)
  if (read.durationMs >= ports.config.slowReadMs) keepSlow(usage, read, described, at)
}

function countField(
  usage: NamespaceUsage,
  used: UsedField,
  durationMs: number,
  bucket: number,
  at: number,
): void {
  const { path, field, conditions } = used
  const size = fieldSize(path, field)
  const entry = usage.fields.entry(path, size, () => newFieldCount(path, field, at))
  if (!entry) return
  entry.field = field
  entry.count += 1
  if (used.isFiltered) entry.filters += 1
  if (used.isSorted) entry.sorts += 1
  if (used.isGrouped) entry.groups += 1
  if (used.isFaceted) entry.facets += 1
  for (const { operator, kind } of conditions) {
    entry.operators[operator] = (entry.operators[operator] ?? 0) + 1
    entry.kinds[kind] = (entry.kinds[kind] ?? 0) + 1
  }
  entry.totalMs += durationMs
  entry.maxMs = Math.max(entry.maxMs, durationMs)
  countIn(entry.histogram, bucket)
  if (durationMs > slowMs) entry.slow += 1
  if (durationMs > verySlowMs) entry.verySlow += 1
  entry.lastSeen = at
}

function countShape(
  ports: UsagePorts,
  memory: UsageMemory,
  usage: NamespaceUsage,
  read: AnsweredRead,
  { shape, fields }: DescribedRead,
  bucket: number,
  at: number,
): void {
  const { asked, using, durationMs } = read
  const size = shapeSize(shape, fields)
  const entry = usage.shapes.entry(shape, size, () => {
    const paths = fields.map(({ path }) => path).sort()
    return newShapeCount(shape, asked.kind, using, paths, size, at)
  })
  if (!entry) return
  entry.count += 1
  entry.totalMs += durationMs
  countIn(entry.histogram, bucket)
  entry.candidates += read.candidates ?? 0
  entry.results += read.results
  entry.lastSeen = at
  if (usage.namespace.autoCreateIndexes && ports.config.querySamples === 'on')
    keepSample(ports.config, memory, entry, read, at)
}

function keepSlow(
  { slow }: NamespaceUsage,
  { asked, durationMs, results }: AnsweredRead,
  { shape, fields }: DescribedRead,
  at: number,
): void {
  const read = {
    retrieverId: asked.retrieverId,
    shape,
    durationMs,
    results,
    fields: fields.map(({ field }) => field),
    at: new Date(at),
  }
  if (slow.length < slowWaitingMax) return void slow.push(read)
  const quickest = slow.reduce((least, one, i) => {
    const known = slow[least]
    return known && known.durationMs <= one.durationMs ? least : i
  }, 0)
  if ((slow[quickest]?.durationMs ?? 0) < durationMs) slow[quickest] = read
}
