import type { Ports } from '../../ports/ports.ts'
import type { EngineFilter, NewPoint, Payload, Write } from '../../ports/vector-engine.ts'
import { fail } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import { aliasOf, collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { checkFieldNames, parseVectors } from './check-document.ts'
import {
  internalOf,
  type DocumentRecord,
  type InternalPayload,
  type NewDocument,
} from './document.ts'
import { patched } from './document-patch.ts'
import { noteWrite, payloadFacts } from './payload-facts.ts'
import { countDocuments, planOf, retrieveDocuments, scanDocuments } from './read.ts'

/**
 * The write gate (design 7, One gate each): the only caller of the engine's writes. It holds the namespace's lease
 * shared, checks what comes in, stamps `_internal`, and keeps what users patched into extracted documents.
 */
export type WritePorts = Pick<Ports, 'vectors' | 'leases' | 'config' | 'log' | 'now'>

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
  for (const document of documents) checkDocument(namespace, document)
  await ports.leases.shared(
    namespace.id,
    async () => {
      for (const chunk of chunksOf(documents)) {
        const write = () => writeChunk(ports, namespace, chunk, signal)
        const isExtracted = chunk.some(({ origin }) => origin === 'extracted')
        await (isExtracted ? inTurn(namespace.id, write) : write())
      }
    },
    signal,
  )
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

/** Which documents are deleted: points, or what a filter matches in some collections (null: in all). */
export type DeleteSelection =
  | { pointIds: readonly string[] }
  | { filter: Filter | null; collectionIds: readonly string[] | null }

/** Deletes documents and answers how many there were. */
export async function deleteDocuments(
  ports: WritePorts,
  namespace: Namespace,
  selection: DeleteSelection,
  signal?: AbortSignal,
): Promise<number> {
  return await ports.leases.shared(
    namespace.id,
    () =>
      'pointIds' in selection
        ? deletePoints(ports, namespace, selection.pointIds, signal)
        : deleteMatches(ports, namespace, selection, signal),
    signal,
  )
}

/**
 * Removes extracted documents of these source objects that the newest run did not write: the positions that it no
 * longer produces (design 3). `keep` are the points it did write.
 */
export async function removeStaleDocuments(
  ports: WritePorts,
  namespace: Namespace,
  stale: { collectionId: string; sourceObjectIds: readonly string[]; keep: readonly string[] },
  signal?: AbortSignal,
): Promise<void> {
  const { collectionId, sourceObjectIds, keep } = stale
  if (sourceObjectIds.length === 0) return
  const filter: EngineFilter = {
    must: [
      { key: '_internal.collection_id', match: { value: collectionId } },
      { key: '_internal.source_object_id', match: { any: [...sourceObjectIds] } },
      { key: '_internal.origin', match: { value: 'extracted' } },
    ],
    ...(keep.length > 0 && { must_not: [{ has_id: [...keep] }] }),
  }
  await ports.leases.shared(
    namespace.id,
    () => write(ports, namespace, { kind: 'delete', selection: { filter } }, signal),
    signal,
  )
}

/** Returns when all that was written before is power-safe. */
export async function flushDocuments(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<void> {
  await ports.vectors.flush(aliasOf(namespace), signal)
}

/** What becomes of one document's fields: all replaced, or some changed (`document-patch.ts`). */
export type FieldsChange = { kind: 'replace' | 'patch'; fields: Readonly<Record<string, unknown>> }

/**
 * Changes the fields of documents; vectors, ids and lineage stay. Answers those that were there, as they are
 * afterwards. Changes of one namespace and runs of its extractors take turns in this process, so that neither
 * writes over what it has not seen.
 */
export async function changeDocuments(
  ports: WritePorts,
  namespace: Namespace,
  pointIds: readonly string[],
  change: FieldsChange,
  signal?: AbortSignal,
): Promise<DocumentRecord[]> {
  const work = () =>
    inTurn(namespace.id, async () => {
      const everything = { select: null, withVectors: false }
      const records = await retrieveDocuments(ports, namespace, pointIds, everything, signal)
      const changed: DocumentRecord[] = []
      for (const record of records) {
        changed.push(await changeDocument(ports, namespace, record, change, signal))
      }
      return changed
    })
  return await ports.leases.shared(namespace.id, work, signal)
}

async function changeDocument(
  ports: WritePorts,
  namespace: Namespace,
  record: DocumentRecord,
  change: FieldsChange,
  signal: AbortSignal | undefined,
): Promise<DocumentRecord> {
  const payload = changedPayload(record.payload ?? {}, change, ports.now().toISOString())
  noteWrite(payloadFacts(ports.vectors, collectionOf(namespace)), payload)
  const selection = { points: [record.pointId] }
  await write(ports, namespace, { kind: 'overwrite_payload', selection, payload }, signal)
  return { ...record, payload }
}

function changedPayload(payload: Payload, change: FieldsChange, now: string): Payload {
  const { _internal: _, ...before } = payload
  const internal = internalOf(payload)
  const isPatch = change.kind === 'patch'
  const fields = isPatch ? patched(before, change.fields) : { ...change.fields }
  const overlay = isPatch ? change.fields : replacement(before, change.fields)
  const patch = internal.origin === 'extracted' && { patch: { ...internal.patch, ...overlay } }
  return { ...fields, _internal: { ...internal, updated_at: now, ...patch } }
}

/** A replacement as a patch: what is there no more is removed by null. */
function replacement(before: Payload, after: Readonly<Record<string, unknown>>): Payload {
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  return { ...Object.fromEntries(removed.map((key) => [key, null])), ...after }
}

async function writeChunk(
  ports: WritePorts,
  namespace: Namespace,
  documents: readonly NewDocument[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const earlier = await earlierOf(ports, namespace, documents, signal)
  const now = ports.now().toISOString()
  const facts = payloadFacts(ports.vectors, collectionOf(namespace))
  const points = documents.map((document): NewPoint => {
    const payload = payloadOf(document, earlier.get(document.id), now)
    noteWrite(facts, payload)
    return { id: document.id, payload, vectors: document.vectors }
  })
  await write(ports, namespace, { kind: 'upsert', points }, signal)
}

/** What stands under `_internal` of those that are there already. */
async function earlierOf(
  ports: WritePorts,
  namespace: Namespace,
  documents: readonly NewDocument[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Partial<InternalPayload>>> {
  const ids = documents.map(({ id }) => id)
  const selection = { select: ['_internal'], withVectors: false }
  const records = await retrieveDocuments(ports, namespace, ids, selection, signal)
  return new Map(records.map(({ pointId, payload }) => [pointId, internalOf(payload)]))
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

async function deletePoints(
  ports: WritePorts,
  namespace: Namespace,
  pointIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let deleted = 0
  for (let i = 0; i < pointIds.length; i += pointsMax) {
    const ids = pointIds.slice(i, i + pointsMax)
    const idsOnly = { select: [], withVectors: false }
    const there = await retrieveDocuments(ports, namespace, ids, idsOnly, signal)
    const points = there.map(({ pointId }) => pointId)
    if (points.length === 0) continue
    await write(ports, namespace, { kind: 'delete', selection: { points } }, signal)
    deleted += points.length
  }
  return deleted
}

async function deleteMatches(
  ports: WritePorts,
  namespace: Namespace,
  { filter, collectionIds }: { filter: Filter | null; collectionIds: readonly string[] | null },
  signal: AbortSignal | undefined,
): Promise<number> {
  const scope = { collectionIds }
  const plan = await planOf(ports, namespace, scope, filter, signal)
  if (plan.residual === null) {
    const count = await countDocuments(ports, namespace, scope, filter, signal)
    const selection = { filter: plan.engine ?? {} }
    if (count > 0) await write(ports, namespace, { kind: 'delete', selection }, signal)
    return count
  }
  let deleted = 0
  const scan = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    const points = page.map(({ pointId }) => pointId)
    await write(ports, namespace, { kind: 'delete', selection: { points } }, signal)
    deleted += points.length
  }
  return deleted
}

async function write(
  { vectors }: WritePorts,
  namespace: Namespace,
  operation: Write,
  signal: AbortSignal | undefined,
): Promise<void> {
  await vectors.write(aliasOf(namespace), operation, signal)
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

const turns = new Map<string, Promise<unknown>>()

/** Runs `work` after whatever runs under the key; other keys are not held up. */
async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve()
  // The one before answers for its own failure.
  const mine = before.then(work, work)
  turns.set(key, mine)
  try {
    return await mine
  } finally {
    if (turns.get(key) === mine) turns.delete(key)
  }
}
