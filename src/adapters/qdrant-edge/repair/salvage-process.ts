import type { Shard } from '../../../../edge/index.d.ts'
import { loadEdge } from '../../../../edge/load.ts'
import type { NewPoint, Payload, PointId, VectorValue } from '../../../ports/vector-engine.ts'
import { pointOf, type RawPoint } from '../../qdrant/engine-answer.ts'
import { applyWrite } from '../edge-write.ts'
import { fromJsonBytes, jsonBytes } from '../json-bytes.ts'
import type { Outcome } from './salvage.ts'

// Run by salvage.ts: `read <shard>`, `open <shard>`, or `copy <shard> <target>`; prints an Outcome.

/** Ids of one page, and points of one read: a fault in one costs its own alone, by halves. */
const idsMax = 10_000
const pointsMax = 256

type Visit = (points: RawPoint[]) => Promise<void>

// Who started it is gone: so goes this, and with it the locks of the shards.
process.stdin.once('end', () => process.exit(1)).resume()

const [task, path = '', targetPath = ''] = process.argv.slice(2)
const outcome = await run().catch((error: unknown): Outcome => ({
  error: error instanceof Error ? error.message : String(error),
}))
process.stdin.destroy()
process.stdout.write(JSON.stringify(outcome))

async function run(): Promise<Outcome> {
  const { Shard: shardClass } = loadEdge()
  const shard = await shardClass.open(path)
  if (task === 'open') return await closed(shard, { points: 0, unreadable: 0 })
  if (task !== 'copy') return await closed(shard, await visitAll(shard, () => Promise.resolve()))
  const target = await shardClass.open(targetPath)
  const vectors = await vectorNames(target)
  const result = await visitAll(shard, async (points) => {
    await writeNewer(target, vectors, points)
  })
  await target.close()
  return await closed(shard, result)
}

/** What the damaged one does when it is closed matters no more. */
async function closed(shard: Shard, result: Outcome): Promise<Outcome> {
  await shard.close().catch(() => undefined)
  return result
}

async function visitAll(shard: Shard, visit: Visit): Promise<Outcome> {
  let [points, unreadable] = [0, 0]
  for await (const ids of idsOf(shard)) {
    for (let i = 0; i < ids.length; i += pointsMax) {
      const some = ids.slice(i, i + pointsMax)
      const lost = await visitReadable(shard, some, visit)
      unreadable += lost
      points += some.length - lost
    }
  }
  return { points, unreadable }
}

async function* idsOf(shard: Shard): AsyncGenerator<PointId[]> {
  for (let offset: PointId | null = null; ;) {
    const request = { limit: idsMax, with_payload: false, ...(offset !== null && { offset }) }
    const page: { points: RawPoint[]; next_page_offset?: PointId | null } = fromJsonBytes(
      await shard.scroll(jsonBytes(request)),
    )
    yield page.points.map(({ id }) => id)
    offset = page.next_page_offset ?? null
    if (offset === null) return
  }
}

/** Answers how many could not be read: a read that fails is tried again by halves, down to the points at fault. */
async function visitReadable(shard: Shard, ids: PointId[], visit: Visit): Promise<number> {
  const points = await read(shard, ids)
  if (points !== null) {
    await visit(points)
    return 0
  }
  if (ids.length === 1) return 1
  const half = Math.ceil(ids.length / 2)
  const before = await visitReadable(shard, ids.slice(0, half), visit)
  return before + (await visitReadable(shard, ids.slice(half), visit))
}

async function read(shard: Shard, ids: PointId[]): Promise<RawPoint[] | null> {
  const request = jsonBytes({ ids, with_payload: true, with_vector: true })
  return await shard.retrieve(request).then(
    (bytes) => fromJsonBytes<RawPoint[]>(bytes),
    () => null,
  )
}

async function vectorNames(shard: Shard): Promise<Set<string>> {
  const info = fromJsonBytes<{ vectors: object; sparse_vectors: object }>(await shard.info())
  return new Set([...Object.keys(info.vectors), ...Object.keys(info.sparse_vectors)])
}

/** Of two versions of one document, which the parts of a damaged shard may hold, the later written stays. */
async function writeNewer(target: Shard, names: Set<string>, raw: RawPoint[]): Promise<void> {
  const ids = raw.map(({ id }) => id)
  const request = jsonBytes({ ids, with_payload: ['_internal'] })
  const there = fromJsonBytes<RawPoint[]>(await target.retrieve(request))
  const writtenAt = new Map(there.map((point) => [point.id, timeOf(point.payload)]))
  const newer = raw.filter(({ id, payload }) => timeOf(payload) >= (writtenAt.get(id) ?? ''))
  await applyWrite(target, { kind: 'upsert', points: newer.map((point) => newPoint(point, names)) })
}

/** ISO times sort as text; what has none is the oldest. */
function timeOf(payload: Payload | null | undefined): string {
  const internal = payload?.['_internal']
  const isObject = typeof internal === 'object' && internal !== null
  return isObject && 'updated_at' in internal ? String(internal.updated_at) : ''
}

function newPoint(raw: RawPoint, names: ReadonlySet<string>): NewPoint {
  const { id, payload, vector } = pointOf(raw)
  const known = Object.entries(vector ?? {}).filter(([name]) => names.has(name))
  const vectors = known.map(([name, value]) => [name, vectorValue(value)] as const)
  return { id, payload: payload ?? {}, vectors: Object.fromEntries(vectors) }
}

function vectorValue(
  value: NonNullable<ReturnType<typeof pointOf>['vector']>[string],
): VectorValue {
  if (!Array.isArray(value)) return value
  return isRows(value) ? value.map((row) => Float32Array.from(row)) : Float32Array.from(value)
}

function isRows(value: number[] | number[][]): value is number[][] {
  return Array.isArray(value[0])
}
