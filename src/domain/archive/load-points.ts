import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { EngineRejection, type NewPoint, type VectorValue } from '../../ports/vector-engine.ts'
import { movePosition } from '../../store/loads.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { countPoints, type ReadPorts } from '../documents/read.ts'
import { fillPoints, flushGeneration } from '../documents/write.ts'
import { fail, invalid } from '../failure.ts'
import { collectionSpec } from '../namespaces/merge-vectors.ts'
import { aliasOf, collectionOf, type Namespace } from '../namespaces/namespace.ts'
import type { NotePorts } from '../payload-facts/note-writes.ts'
import { convergeIndexes } from '../payload-indexes/converge-indexes.ts'
import { openLoad } from './begin-load.ts'
import { moveOn, partName, type Piece } from './load-rows.ts'

type Needs = NotePorts & ReadPorts & Pick<Ports, 'vectors' | 'leases'>

/** Points of one engine call. */
const pointsMax = 500
/** How long the end of a namespace waits for whoever holds it. */
const leaseWaitMs = 60_000

const numbers = z.array(z.number())
const ArchiveLine = z.object({
  id: z.uuid(),
  payload: z.record(z.string(), z.unknown()),
  vectors: z.record(
    z.string(),
    z.union([numbers, z.array(numbers), z.object({ indices: numbers, values: numbers })]),
  ),
})

/**
 * Documents as they were, ids and stamps included, into a namespace that nobody sees yet. The same lines again
 * overwrite what they wrote. Throws as `loadRows` does, and `bad_request` for what the engine refuses.
 */
export async function loadPoints(
  ports: Needs,
  { namespaceId, from, lines }: Piece & { namespaceId: string },
): Promise<number> {
  const { archiveId } = await openLoad(ports)
  const namespace = await loadingNamespace(ports, namespaceId)
  const points = lines.map((line, i) => pointOf(line, i))
  if (from === 0) await makeCollection(ports, namespace)
  try {
    for (let i = 0; i < points.length; i += pointsMax)
      await fillPoints(ports, namespace, points.slice(i, i + pointsMax))
  } catch (error) {
    if (!(error instanceof EngineRejection)) throw error
    throw fail('bad_request', { reason: error.message }, { cause: error })
  }
  const to = from + lines.length
  const part = partName(namespaceId, 'points')
  await moveOn(ports.db, { archiveId, part, from, to })
  return to
}

/** What says that a namespace is whole, among the positions of a load. */
export const wholePart = 'whole'

/**
 * The end of a namespace: its payload indexes are built, its documents flushed and counted. Safe to run again. Throws
 * `conflict` where there are not as many as the archive says.
 */
export async function settleLoaded(
  ports: Needs,
  namespaceId: string,
  signal: AbortSignal,
): Promise<{ points: number }> {
  const { archiveId, header } = await openLoad(ports)
  const namespace = await loadingNamespace(ports, namespaceId)
  const wanted = header.namespaces.find(({ id }) => id === namespaceId)?.points
  await makeCollection(ports, namespace)
  await ports.leases.exclusive(
    namespaceId,
    'an archive is being loaded',
    (lease) => convergeIndexes(ports, namespace, lease),
    { waitMs: leaseWaitMs, signal },
  )
  await ports.vectors.setAlias(aliasOf(namespace), collectionOf(namespace))
  await flushGeneration(ports, namespace)
  const points = await countPoints(ports, namespace, undefined)
  if (points !== wanted) {
    throw fail('conflict', {
      reason: `Of ${wanted} documents of the namespace '${namespace.name}' ${points} are here.`,
    })
  }
  const part = partName(namespaceId, wholePart)
  // False where an earlier request came as far, and its answer was lost.
  await movePosition(ports.db, { archiveId, part, from: 0, to: 1 })
  return { points }
}

async function loadingNamespace(ports: Pick<Ports, 'db'>, id: string): Promise<Namespace> {
  const namespace = await readNamespaceById(ports.db, id)
  if (namespace?.state === 'loading') return namespace
  throw fail('conflict', {
    reason: `The namespace '${id}' is not being loaded: its row of the table namespaces comes first.`,
  })
}

async function makeCollection({ vectors }: Needs, namespace: Namespace): Promise<void> {
  await vectors.createCollection(collectionOf(namespace), collectionSpec(namespace.vectors))
}

function pointOf(line: string, index: number): NewPoint {
  const { success, data, error } = ArchiveLine.safeParse(parsed(line))
  if (!success) {
    const issue = error.issues[0]
    const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? key : String(key)))
    throw invalid(['body', index, ...path], issue?.message ?? 'is no document of an archive')
  }
  const vectors = Object.entries(data.vectors).map(([name, value]) => [name, valueOf(value)])
  return { id: data.id, payload: data.payload, vectors: Object.fromEntries(vectors) }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

type ArchivedVector = z.infer<typeof ArchiveLine>['vectors'][string]

function valueOf(value: ArchivedVector): VectorValue {
  if (!Array.isArray(value)) return value
  return isMulti(value) ? value.map((one) => Float32Array.from(one)) : Float32Array.from(value)
}

function isMulti(value: number[] | number[][]): value is number[][] {
  return Array.isArray(value[0])
}
