import type { Ports } from '../../ports/ports.ts'
import type { NewPoint, Payload, VectorValue, Write } from '../../ports/vector-engine.ts'
import { fail } from '../failure.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { checkFieldNames, parseVectors } from './check-document.ts'
import { internalOf, type InternalPayload, type NewDocument } from './document.ts'
import { isSameShape } from '../namespaces/merge-vectors.ts'
import { patched } from './document-patch.ts'
import { noteWrites, type NotePorts } from '../payload-facts/note-writes.ts'
import { untilReadersKnow } from '../payload-facts/readers-know.ts'
import { watchedValuesOf, type WatchedValues } from '../payload-facts/watched-values.ts'
import { inTurn } from './in-turn.ts'
import { retrieveDocuments } from './read.ts'
import { writePlace, type WritePlace } from './write-place.ts'

/**
 * The write gate (design 7, One gate each): the only caller of the engine's writes. It holds the namespace's lease
 * shared, checks what comes in, stamps `_internal`, and keeps what users patched into extracted documents.
 */
export type WritePorts = NotePorts & Pick<Ports, 'vectors' | 'leases'>

/** Points of one engine call: 1,000 of 128 dimensions are some 4 ms, and readers come in between. */
const pointsMax = 1_000
/** Floats of one engine call, so that a call of long vectors stays as short. */
const floatsMax = 1_000_000

/**
 * Writes documents, replacing those with the same ids; SIGKILL-safe when it returns, power-safe after
 * `flushDocuments`. Throws `request_invalid`, before anything is written, for a reserved field or a vector that the
 * namespace does not have; `location` names the place of the first document.
 */
export async function writeDocuments(
  ports: WritePorts,
  namespace: Namespace,
  documents: readonly NewDocument[],
  signal?: AbortSignal,
): Promise<void> {
  let notedAt = 0
  await ports.leases.shared(
    namespace.id,
    async (share) => {
      const place = await writePlace(ports, namespace, share)
      for (const document of documents) checkDocument(place.live, document)
      for (const chunk of chunksOf(documents)) {
        const write = () => writeChunk(ports, place, chunk, signal)
        const isExtracted = chunk.some(({ origin }) => origin === 'extracted')
        // Of two writers of one document each generation must keep the same one's.
        const takesTurns = isExtracted || place.pending !== null
        const at = await (takesTurns ? inTurn(namespace.id, write) : write())
        notedAt = Math.max(notedAt, at)
      }
      share.check()
    },
    signal,
  )
  await untilReadersKnow(ports, notedAt)
}

/** Throws `request_invalid` for what `writeDocuments` would refuse: a way to sort out single ones before. */
export function checkDocument(
  namespace: Namespace,
  { fields, vectors }: Pick<NewDocument, 'fields' | 'vectors'>,
  location: (string | number)[] = ['body'],
): void {
  checkFieldNames(namespace, fields, location)
  parseVectors(namespace, vectors, [...location, 'vectors'])
}

/** Returns when all that was written before is power-safe, in whichever generation it is. */
export async function flushDocuments(
  ports: Pick<Ports, 'db' | 'cache' | 'leases' | 'vectors'>,
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<void> {
  await ports.leases.shared(
    namespace.id,
    async (share) => {
      const { live, pending } = await writePlace(ports, namespace, share)
      await flushGeneration(ports, live, signal)
      if (pending) await flushGeneration(ports, pending, signal)
    },
    signal,
  )
}

/** Of these points those that are in the live generation after a flush that covers them. */
export async function flushedPoints(
  ports: Pick<Ports, 'db' | 'cache' | 'leases' | 'vectors'>,
  namespace: Namespace,
  pointIds: readonly string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  return await ports.leases.shared(
    namespace.id,
    async (share) => {
      const { live } = await writePlace(ports, namespace, share)
      await flushDocuments(ports, namespace, signal)
      const there = new Set<string>()
      for (let i = 0; i < pointIds.length; i += pointsMax) {
        const ids = pointIds.slice(i, i + pointsMax)
        const found = await retrieveDocuments(
          ports,
          live,
          ids,
          { select: [], withVectors: false },
          signal,
        )
        for (const { pointId } of found) there.add(pointId)
      }
      return there
    },
    signal,
  )
}

/** Of one generation alone. */
export async function flushGeneration(
  { vectors }: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<void> {
  await vectors.flush(collectionOf(namespace), signal)
}

async function writeChunk(
  ports: WritePorts,
  { live, pending, watched }: WritePlace,
  documents: readonly NewDocument[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const earlier = await earlierOf(ports, live, documents, signal)
  const now = ports.now().toISOString()
  const points = documents.map((document) => pointOf(document, earlier.get(document.id), now))
  const coming = pending && points.map((point) => fitting(live, pending, point))
  const notedAt = await upsertPoints(ports, live, watched, points, signal)
  if (!pending || !coming) return notedAt
  return Math.max(notedAt, await upsertPoints(ports, pending, watched, coming, signal))
}

/** Into one generation; what is known of its stored values is told first. Answers as `noteWrites` does. */
async function upsertPoints(
  ports: NotePorts & Pick<Ports, 'vectors'>,
  namespace: Namespace,
  watched: WatchedValues,
  points: NewPoint[],
  signal?: AbortSignal,
): Promise<number> {
  const notedAt = await noteWrites(ports, watched, namespace.generation, points)
  await applyWrite(ports, namespace, { kind: 'upsert', points }, signal)
  return notedAt
}

/**
 * Into a generation that is not live yet, for a caller who holds no share of his own. Nobody waits for readers to know:
 * there are none before the switch.
 */
export async function fillPoints(
  ports: NotePorts & Pick<Ports, 'vectors'>,
  coming: Namespace,
  points: NewPoint[],
): Promise<void> {
  const watched = await watchedValuesOf(ports, coming.id)
  await upsertPoints(ports, coming, watched, points)
}

/** With the vectors that the coming generation has; throws `conflict` for one that it has in another shape. */
function fitting(live: Namespace, pending: Namespace, point: NewPoint): NewPoint {
  const vectors: Record<string, VectorValue> = {}
  for (const [name, value] of Object.entries(point.vectors)) {
    const coming = pending.vectors[name]
    if (coming && !isSameShape(live.vectors[name], coming)) throw changingVector(name)
    if (coming) vectors[name] = value
  }
  return { ...point, vectors }
}

function changingVector(name: string) {
  return fail('conflict', {
    reason: `The definition of the vector '${name}' is being changed by a reconfigure; write the document again when that has ended.`,
    details: { vector: name },
  })
}

/** What stands under `_internal` of those that are there already. */
export async function earlierOf(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  documents: readonly Pick<NewDocument, 'id'>[],
  signal?: AbortSignal,
): Promise<Map<string, Partial<InternalPayload>>> {
  const ids = documents.map(({ id }) => id)
  const selection = { select: ['_internal'], withVectors: false }
  const records = await retrieveDocuments(ports, namespace, ids, selection, signal)
  return new Map(records.map(({ pointId, payload }) => [pointId, internalOf(payload)]))
}

/** As it is stored: stamped, and with what a user has changed in the one that it replaces. */
export function pointOf(
  document: NewDocument,
  earlier: Partial<InternalPayload> | undefined,
  now: string,
): NewPoint {
  const payload = payloadOf(document, earlier, now)
  return { id: document.id, payload, vectors: document.vectors }
}

function payloadOf(
  document: NewDocument,
  earlier: Partial<InternalPayload> | undefined,
  now: string,
): Payload {
  const { collectionId, origin, givenId, lineage, internal } = document
  if (earlier && earlier.collection_id !== collectionId) throw foreignPoint(document)
  const keptPatch = origin === 'extracted' ? earlier?.patch : undefined
  const stamped: InternalPayload = {
    ...internal,
    ...lineage,
    collection_id: collectionId,
    origin,
    created_at: earlier?.created_at ?? now,
    updated_at: now,
    ...(givenId !== undefined && { document_id: givenId }),
    ...(keptPatch && { patch: keptPatch }),
  }
  const fields = keptPatch ? patched(document.fields, keptPatch) : document.fields
  return { ...fields, _internal: stamped }
}

/** Of these documents the ids of those whose point another collection has: writing them would be a conflict. */
export async function foreignPoints(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  collectionId: string,
  pointIds: readonly string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const selection = { select: ['_internal'], withVectors: false }
  const records = await retrieveDocuments(ports, namespace, pointIds, selection, signal)
  const foreign = records.filter((record) => record.collectionId !== collectionId)
  return new Set(foreign.map(({ pointId }) => pointId))
}

/** A `doc_…` id names one point of the namespace: it cannot be in two collections. */
function foreignPoint({ id }: NewDocument) {
  return fail('conflict', {
    reason: `The document id doc_${id.replaceAll('-', '')} is taken by a document of another collection of this namespace.`,
  })
}

/** The engine's one door for writes; what calls it stands in this folder, and holds the lease. */
export async function applyWrite(
  { vectors }: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  operation: Write,
  signal?: AbortSignal,
): Promise<void> {
  await vectors.write(collectionOf(namespace), operation, signal)
}

function* chunksOf(documents: readonly NewDocument[]): Generator<NewDocument[], void, undefined> {
  let chunk: NewDocument[] = []
  let floats = 0
  for (const document of documents) {
    chunk.push(document)
    for (const vector of Object.values(document.vectors)) {
      floats += vector instanceof Float32Array ? vector.length : 0
    }
    if (chunk.length < pointsMax && floats < floatsMax) continue
    yield chunk
    chunk = []
    floats = 0
  }
  if (chunk.length > 0) yield chunk
}
