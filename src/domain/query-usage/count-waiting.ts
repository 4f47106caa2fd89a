import type { Config } from '../../config.ts'
import { describeRead, type DescribedRead, type UsedField } from './describe-read.ts'
import { bucketOf, countIn } from './histogram.ts'
import { keepSample } from './keep-sample.ts'
import type { AnsweredRead } from './record-read.ts'
import {
  fieldSize,
  namespaceUsage,
  newFieldCount,
  newShapeCount,
  shapeSize,
  type NamespaceUsage,
  type UsageMemory,
  type WaitingRead,
} from './usage-memory.ts'

/** Reads longer than these count as slow, and as very slow (contract 21). */
const slowMs = 500
const verySlowMs = 1_000

/** Slow reads of a namespace that wait to be written; of more, the slowest. */
const slowWaitingMax = 256

/** Counts the reads that wait to be counted: many at once, since that is a tenth of the work. Never throws. */
export function countWaiting(memory: UsageMemory): void {
  const waiting = memory.waiting
  memory.waiting = []
  for (const one of waiting) {
    try {
      countOne(memory, one)
    } catch (error) {
      one.log.warn({ err: error, namespaceId: one.namespace.id }, 'a read was not recorded')
    }
  }
}

function countOne(memory: UsageMemory, { namespace, read, at, config }: WaitingRead): void {
  const described = describeRead(read.asked, read.filter, read.using)
  if (described === null) return
  const usage = namespaceUsage(memory, namespace, config)
  if (usage === null) memory.lost += 1
  else count(config, memory, usage, read, described, at)
}

function count(
  config: Config,
  memory: UsageMemory,
  usage: NamespaceUsage,
  read: AnsweredRead,
  described: DescribedRead,
  at: number,
): void {
  const bucket = bucketOf(read.durationMs)
  for (const used of described.fields) countField(usage, used, read.durationMs, bucket, at)
  countShape(config, memory, usage, read, described, bucket, at)
  if (read.durationMs >= config.slowReadMs) keepSlow(usage, read, described, at)
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
  config: Config,
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
  if (usage.namespace.autoCreateIndexes && config.querySamples === 'on')
    keepSample(config, memory, entry, read, at)
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
