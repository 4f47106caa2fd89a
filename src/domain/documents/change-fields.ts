import type { Payload } from '../../ports/vector-engine.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { noteWrites } from '../payload-facts/note-writes.ts'
import { untilReadersKnow } from '../payload-facts/readers-know.ts'
import type { WatchedValues } from '../payload-facts/watched-values.ts'
import { internalOf, type DocumentRecord } from './document.ts'
import { patched } from './document-patch.ts'
import { inTurn } from './in-turn.ts'
import { retrieveDocuments } from './read.ts'
import { applyWrite, type WritePorts } from './write.ts'
import { writePlace } from './write-place.ts'

/** What becomes of one document's fields: all replaced, or some changed (`document-patch.ts`). */
export type FieldsChange = { kind: 'replace' | 'patch'; fields: Readonly<Record<string, unknown>> }

/**
 * Changes the fields of documents; vectors, ids and lineage stay. Answers those that were there, as they are
 * afterwards. Changes of one namespace and runs of its extractors take turns in this process, so that neither
 * writes over what it has not seen.
 */
export async function changeFields(
  ports: WritePorts,
  namespace: Namespace,
  pointIds: readonly string[],
  change: FieldsChange,
  signal?: AbortSignal,
): Promise<DocumentRecord[]> {
  const { records, notedAt } = await ports.leases.shared(
    namespace.id,
    async (share) => {
      const { live, pending, watched } = await writePlace(ports, namespace, share)
      const changed = await inTurn(namespace.id, async () => {
        const there = await changeThere(ports, live, watched, pointIds, change, signal)
        // What it does not have yet it is given later, as it is then.
        if (pending) await changeThere(ports, pending, watched, pointIds, change, signal)
        return there
      })
      share.check()
      return changed
    },
    signal,
  )
  await untilReadersKnow(ports, notedAt)
  return records
}

/** As they are afterwards, and when the last of what readers must know of them was committed (`noteWrites`). */
interface Changed {
  records: DocumentRecord[]
  notedAt: number
}

async function changeThere(
  ports: WritePorts,
  namespace: Namespace,
  watched: WatchedValues,
  pointIds: readonly string[],
  change: FieldsChange,
  signal: AbortSignal | undefined,
): Promise<Changed> {
  const everything = { select: null, withVectors: false }
  const found = await retrieveDocuments(ports, namespace, pointIds, everything, signal)
  const now = ports.now().toISOString()
  const changed = found.map((record) => ({
    record,
    payload: changedPayload(record.payload ?? {}, change, now),
  }))
  const written = changed.map(({ record, payload }) => ({ id: record.pointId, payload }))
  const notedAt = await noteWrites(ports, watched, namespace.generation, written)
  for (const { record, payload } of changed) {
    const selection = { points: [record.pointId] }
    await applyWrite(ports, namespace, { kind: 'overwrite_payload', selection, payload }, signal)
  }
  return { records: changed.map(({ record, payload }) => ({ ...record, payload })), notedAt }
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
