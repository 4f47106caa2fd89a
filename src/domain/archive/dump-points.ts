import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { internalOf, type DocumentRecord } from '../documents/document.ts'
import { countPoints, retrieveDocuments, scanDocuments, type ReadPorts } from '../documents/read.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { ArchivePoint } from './archive.ts'
import type { Tell } from './line-stream.ts'

/** Documents with their vectors that are read at once. */
const pointsAtOnce = 256
/** How far clocks of processes may be apart, and two writes within one millisecond are told apart. */
const clockSkewMs = 5_000

/** What of a namespace decides whether two readings of it can be joined. */
export interface PointsBegin {
  generation: number
  vectors: string[]
  /** The reader's clock: what is written from now on may be missing in what follows. */
  read_from: string
  /** How many documents there are now, roughly: for whoever watches. */
  points: number
}

/** The namespace that an archive holds. Throws `not_found` where it is gone, or is not finished. */
export async function namespaceToDump({ db }: Pick<Ports, 'db'>, id: string): Promise<Namespace> {
  const namespace = await readNamespaceById(db, id)
  if (namespace?.state === 'ready') return namespace
  throw fail('not_found', { resource: 'namespace', id })
}

export async function pointsBegin(
  ports: ReadPorts & Pick<Ports, 'now'>,
  namespace: Namespace,
): Promise<PointsBegin> {
  const { generation, vectors } = namespace
  const read_from = ports.now().toISOString()
  const points = await countPoints(ports, namespace, undefined)
  return { generation, vectors: Object.keys(vectors).toSorted(), read_from, points }
}

/**
 * Every document in the order of ids, after the one named, while writes go on: what is written meanwhile is read
 * again by its time, and what is deleted is missed in the list of ids.
 */
export async function dumpPoints(
  ports: ReadPorts & Pick<Ports, 'now'>,
  namespace: Namespace,
  after: string | null,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  await tell([JSON.stringify({ begin: await pointsBegin(ports, namespace) })])
  const request = {
    filter: null,
    select: null,
    withVectors: vectorsOf(namespace),
    pageSize: pointsAtOnce,
    ...(after !== null && { startAt: after }),
  }
  for await (const page of scanDocuments(ports, namespace, everything, request, signal)) {
    await tell(page.filter(({ pointId }) => pointId !== after).map(pointLine))
  }
  await tell(['{"end":{}}'])
}

/** Documents written since a time, with `ids` the id and the time of every document beside them. */
export async function dumpChanges(
  ports: ReadPorts & Pick<Ports, 'now'>,
  namespace: Namespace,
  { since, withIds }: { since: Date; withIds: boolean },
  tell: Tell,
  signal: AbortSignal,
): Promise<number> {
  const from = new Date(since.getTime() - clockSkewMs).toISOString()
  const slim = { filter: null, select: ['_internal.updated_at'], withVectors: false }
  let points = 0
  for await (const page of scanDocuments(ports, namespace, everything, slim, signal)) {
    points += page.length
    const stamps = page.map((record) => [record.pointId, stampOf(record)] as const)
    if (withIds) await tell([JSON.stringify({ ids: stamps })])
    const changed = stamps.filter(([, stamp]) => stamp === null || stamp >= from)
    const ids = changed.map(([id]) => id)
    for (let i = 0; i < ids.length; i += pointsAtOnce) {
      const some = ids.slice(i, i + pointsAtOnce)
      const selection = { select: null, withVectors: vectorsOf(namespace) }
      await tell(
        (await retrieveDocuments(ports, namespace, some, selection, signal)).map(pointLine),
      )
    }
  }
  return points
}

const everything = { collectionIds: null }

/** Those that the namespace has, whatever an addition that is under way has begun. */
function vectorsOf({ vectors }: Namespace): string[] | false {
  const names = Object.keys(vectors)
  return names.length > 0 && names
}

function stampOf({ payload }: DocumentRecord): string | null {
  return internalOf(payload).updated_at ?? null
}

function pointLine(record: DocumentRecord): string {
  const point: ArchivePoint = {
    id: record.pointId,
    updated_at: stampOf(record),
    payload: record.payload ?? {},
    vectors: record.vectors ?? {},
  }
  return `{"point":${JSON.stringify(point)}}`
}
