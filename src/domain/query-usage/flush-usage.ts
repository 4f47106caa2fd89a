import {
  addFieldUsage,
  addSamples,
  addShapeUsage,
  addSlowReads,
  holdNamespace,
  readFilterCounts,
  trimHours,
} from '../../store/query-usage-writes.ts'
import { readNewestDecisions } from '../../store/index-decisions.ts'
import type { SlowRead } from '../../store/query-usage.ts'
import type { Db } from '../../store/tables.ts'
import { addCheck } from '../index-advisor/add-check.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { countWaiting } from './count-waiting.ts'
import { candidatePaths, crossedPaths } from './candidate-paths.ts'
import type { UsagePorts } from './record-read.ts'
import {
  joinFieldCounts,
  joinShapeCounts,
  namespaceSize,
  usageMemory,
  type FieldCount,
  type NamespaceUsage,
  type ShapeCount,
  type UsageMemory,
} from './usage-memory.ts'
import { fieldRows, shapeRows } from './usage-rows.ts'

/** Where a namespace's tables are full it is written sooner, but not more often than this. */
const hurriedMs = 1_000

const dayMs = 86_400_000

/** Sees to it that what is in memory is written in time, and soon where it is full. */
export function scheduleFlush(ports: UsagePorts, memory: UsageMemory): void {
  const isHurried = memory.isFull && !memory.isHurried
  if (memory.timer !== null && !isHurried) return
  if (memory.timer !== null) clearTimeout(memory.timer)
  memory.isHurried = isHurried
  const { usageFlushMs } = ports.config
  const sinceMs = performance.now() - memory.flushedAt
  const delayMs = isHurried
    ? Math.min(usageFlushMs, Math.max(0, hurriedMs - sinceMs))
    : usageFlushMs
  memory.timer = setTimeout(() => void flushUsage(ports), delayMs).unref()
}

/**
 * Writes what was recorded since the last time. Never throws; what could not be written is kept for the next time, as
 * far as there is room.
 */
export async function flushUsage(ports: UsagePorts): Promise<void> {
  const memory = usageMemory(ports.db, ports.config)
  while (memory.flushing) await memory.flushing
  memory.flushing = flushAll(ports, memory).finally(() => {
    memory.flushing = null
  })
  await memory.flushing
}

/** What one namespace's reads were, taken out of memory. */
interface TakenUsage {
  namespace: Namespace
  fields: FieldCount[]
  shapes: ShapeCount[]
  slow: SlowRead[]
}

async function flushAll(ports: UsagePorts, memory: UsageMemory): Promise<void> {
  countWaiting(memory)
  if (memory.timer) clearTimeout(memory.timer)
  Object.assign(memory, { timer: null, isFull: false, isHurried: false, sampleBytes: 0 })
  memory.flushedAt = performance.now()
  const { lost } = memory
  memory.lost = 0
  if (lost > 0) ports.log.warn({ reads: lost }, 'reads were not counted: there was no room')
  for (const [id, usage] of memory.namespaces) {
    const taken = take(usage)
    if (taken.fields.length === 0) forget(memory, id)
    else await flushNamespace(ports, usage, taken)
  }
}

function take({ namespace, fields, shapes, slow }: NamespaceUsage): TakenUsage {
  return { namespace, fields: fields.take(), shapes: shapes.take(), slow: slow.splice(0) }
}

function forget(memory: UsageMemory, namespaceId: string): void {
  memory.namespaces.delete(namespaceId)
  memory.bytes -= namespaceSize
}

async function flushNamespace(
  ports: UsagePorts,
  usage: NamespaceUsage,
  taken: TakenUsage,
): Promise<void> {
  try {
    await ports.db.transaction().execute((tx) => writeUsage(tx, ports, taken))
  } catch (error) {
    const namespaceId = taken.namespace.id
    ports.log.warn({ err: error, namespaceId }, 'what reads used was not written; it is kept')
    for (const one of taken.fields) usage.fields.putBack(one.path, one, joinFieldCounts)
    for (const one of taken.shapes) usage.shapes.putBack(one.shape, one, joinShapeCounts)
  }
}

/** Counts, samples, and the wish for a check stand together or not at all. */
async function writeUsage(tx: Db, ports: UsagePorts, taken: TakenUsage): Promise<void> {
  const { config } = ports
  const { namespace, slow } = taken
  const held = await holdNamespace(tx, namespace.id)
  if (!held) return
  const fields = fieldRows(taken.fields)
  const shapes = shapeRows(taken.shapes)
  await addFieldUsage(tx, namespace.id, fields)
  await addShapeUsage(tx, namespace.id, shapes)
  await addSlowReads(tx, namespace.id, slow, config.slowReadsMax)
  if (held.autoCreateIndexes) await tellAdvisor(tx, ports, taken, fields)
  const hours = [...new Set([...fields, ...shapes].map(({ hour }) => hour.getTime()))]
  await trimHours(
    tx,
    namespace.id,
    hours.map((hour) => new Date(hour)),
    { fields: config.usageFieldsMax, shapes: config.usageShapesMax },
  )
}

async function tellAdvisor(
  tx: Db,
  ports: UsagePorts,
  { namespace, shapes }: TakenUsage,
  added: readonly { path: string; filters: number; totalMs: number }[],
): Promise<void> {
  const { config } = ports
  const since = new Date(ports.now().getTime() - dayMs)
  const paths = added.filter(({ filters }) => filters > 0).map(({ path }) => path)
  const counts = await readFilterCounts(tx, namespace.id, paths, since)
  const candidates = candidatePaths(namespace, counts, config)
  const crossed = crossedPaths(candidates, counts, added, config)
  const awaited = await keepSamples(tx, ports, namespace.id, shapes, candidates)
  if (crossed.length === 0 && !awaited) return
  await addCheck(tx, ports.queue, namespace.id)
}

/** True where a decision waited for one of them, to be made with it. */
async function keepSamples(
  tx: Db,
  { config }: Pick<UsagePorts, 'config'>,
  namespaceId: string,
  shapes: readonly ShapeCount[],
  candidates: ReadonlySet<string>,
): Promise<boolean> {
  if (config.querySamples === 'off') return false
  const named = shapes.filter(({ paths }) => paths.some((path) => candidates.has(path)))
  const samples = named.flatMap(({ samples: some, paths }) =>
    some.map((sample) => ({ ...sample, paths })),
  )
  if (samples.length === 0) return false
  const most = { shape: config.querySamplesMax, total: config.querySamplesTotalMax }
  await addSamples(tx, namespaceId, samples, most)
  const paths = [...new Set(samples.flatMap((sample) => sample.paths))]
  const newest = await readNewestDecisions(tx, namespaceId, paths)
  return [...newest.values()].some(({ state }) => state === 'observed')
}
