import type { Ports } from '../../ports/ports.ts'
import { claimFilterLinks, endFilterLinks, readFilterLinks } from '../../store/filter-links.ts'
import { readSamples, readShapeUsage, type ShapeUsage } from '../../store/query-usage.ts'
import { countDocuments, type ReadPorts } from '../documents/read.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { denseDimensions, fullScanPoints, linkableShapes, usesLinks } from './worth-linking.ts'

export type LinkPorts = ReadPorts &
  Pick<Ports, 'db' | 'cache' | 'vectors' | 'config' | 'log' | 'now'>

export interface BuiltLinks {
  built: boolean
  /** One sentence: what was built, or why nothing. */
  reason: string
  /** Of the engine's work; 0 where there was none. */
  durationMs: number
}

/**
 * Lets the graphs of the vectors know the payload indexes that came after them: another `payload_m`, then optimize; the
 * main graph is used again (design 4). At most once in `NACRE_FILTER_LINKS_WINDOW`, for all new indexes of that time
 * together, whoever calls; skipped where the engine's planner would not use the links. Optimizing can take minutes, in
 * which reads and writes go on: call it without the namespace's lease, or hand that over to be checked. A Qdrant server
 * builds by itself, after this returned. Throws what the engine throws; the next window tries again.
 */
export async function buildFilterLinks(
  ports: LinkPorts,
  namespace: Namespace,
  lease: Pick<ExclusiveLease, 'check'> | null,
  signal?: AbortSignal,
): Promise<BuiltLinks> {
  const last = await readFilterLinks(ports.db, namespace.id)
  const active = namespace.payloadIndexes.filter(({ state }) => state === 'active')
  const known = new Set(last?.builtAt ? last.paths : [])
  const fresh = new Set(active.map(({ path }) => path).filter((path) => !known.has(path)))
  const turn = turnOf(ports)
  if (last && !isOver(last, turn))
    return skipped(`filter links were built ${ago(last.begunAt, turn.at)}`)
  const why = await whyNot(ports, namespace, fresh, signal)
  if (why !== null) return skipped(why)

  await lease?.check()
  const paths = active.map(({ path }) => path)
  if (!(await claimFilterLinks(ports.db, namespace.id, { ...turn, paths })))
    return skipped('another process builds them')
  return await build(ports, namespace, turn.at, signal)
}

/** A turn that was not ended in this time is a dead process's. */
const turnMsMax = 1_800_000
/** Recorded searches whose results are counted. */
const samplesMax = 32
const weekMs = 7 * 86_400_000

interface Turn {
  at: Date
  begunBefore: Date
  diedBefore: Date
}

function turnOf({ now, config }: Pick<Ports, 'now' | 'config'>): Turn {
  const at = now()
  const before = (ms: number) => new Date(at.getTime() - ms)
  return { at, begunBefore: before(config.filterLinksWindowMs), diedBefore: before(turnMsMax) }
}

function isOver(last: { begunAt: Date; builtAt: Date | null }, turn: Turn): boolean {
  return (
    last.begunAt < turn.begunBefore || (last.builtAt === null && last.begunAt < turn.diedBefore)
  )
}

/** Null where the planner would use links of these paths. */
async function whyNot(
  ports: LinkPorts,
  namespace: Namespace,
  paths: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (paths.size === 0) return 'no payload index is new'
  const since = new Date(ports.now().getTime() - weekMs)
  const shapes = linkableShapes(
    namespace,
    await readShapeUsage(ports.db, namespace.id, { since }),
    paths,
  )
  if (shapes.length === 0) return 'no search by a dense vector filters by a new index'
  const documents = await countDocuments(ports, namespace, { collectionIds: null }, null, signal)
  const fullScan = await fullScanOf(ports, namespace, signal)
  const large = shapes.filter(({ using }) => documents > fullScan(using))
  if (large.length === 0) {
    const most = Math.max(...shapes.map(({ using }) => fullScan(using)))
    return `the engine compares up to ${most} vectors one by one, and there are ${documents} documents`
  }
  return await whyNotBySamples(ports, namespace, large, { documents, fullScan, signal })
}

/** Vector name → points of it that are compared one by one. */
async function fullScanOf(
  { vectors }: LinkPorts,
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<(using: string | null) => number> {
  const there = await vectors.describeCollection(collectionOf(namespace), signal)
  const threshold = there?.hnsw_config?.full_scan_threshold
  return (using) => fullScanPoints(denseDimensions(namespace, using) ?? 1, threshold)
}

/** How many documents the recorded searches look among; without any, what is known is enough to build. */
async function whyNotBySamples(
  ports: LinkPorts,
  namespace: Namespace,
  shapes: readonly ShapeUsage[],
  sizes: {
    documents: number
    fullScan: (using: string | null) => number
    signal: AbortSignal | undefined
  },
): Promise<string | null> {
  const { documents, fullScan, signal } = sizes
  const wanted = new Set(shapes.map(({ shape }) => shape))
  const all = await readSamples(ports.db, namespace.id, { limit: samplesMax * samplesMax })
  const samples = all.filter(({ shape }) => wanted.has(shape)).slice(0, samplesMax)
  if (samples.length === 0) return null
  const counts: number[] = []
  for (const { filter, collectionIds, using } of samples) {
    const matching = await countDocuments(ports, namespace, { collectionIds }, filter, signal)
    if (usesLinks(matching, documents, fullScan(using))) return null
    counts.push(matching)
  }
  const range = `${Math.min(...counts)} to ${Math.max(...counts)}`
  return `the ${samples.length} recorded searches look among ${range} of ${documents} documents, which the engine finds as well without links`
}

async function build(
  ports: LinkPorts,
  namespace: Namespace,
  begunAt: Date,
  signal: AbortSignal | undefined,
): Promise<BuiltLinks> {
  const { db, vectors, now } = ports
  const collection = collectionOf(namespace)
  const there = await vectors.describeCollection(collection, signal)
  const begin = performance.now()
  await vectors.setHnsw(collection, { payload_m: otherLinks(there?.hnsw_config) }, signal)
  const isBuilt = await vectors.optimize(collection, signal)
  const durationMs = Math.round(performance.now() - begin)
  await endFilterLinks(db, namespace.id, { begunAt, builtAt: now() })
  const reason = isBuilt
    ? `the graphs were given links for the new payload indexes in ${durationMs} ms`
    : 'the engine was asked to give its graphs links for the new payload indexes'
  ports.log.info({ namespaceId: namespace.id, durationMs, isBuilt }, reason)
  return { built: true, reason, durationMs }
}

/** Links a point where nobody set another number. */
const linksDefault = 16

/** Any change makes the engine build the links again; the number of links of the main graph, and one more, in turns. */
function otherLinks(hnsw: { m?: number; payload_m?: number } | undefined): number {
  const m = hnsw?.m ?? linksDefault
  return hnsw?.payload_m === m ? m + 1 : m
}

function skipped(reason: string): BuiltLinks {
  return { built: false, reason, durationMs: 0 }
}

function ago(then: Date, at: Date): string {
  const minutes = Math.round((at.getTime() - then.getTime()) / 60_000)
  return minutes < 120 ? `${minutes} minutes ago` : `${Math.round(minutes / 60)} hours ago`
}
