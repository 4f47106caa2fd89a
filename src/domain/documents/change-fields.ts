import type { Payload } from '../../ports/vector-engine.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { internalOf, type DocumentRecord } from './document.ts'
import { patched } from './document-patch.ts'
import { inTurn } from './in-turn.ts'
import { noteWrite, payloadFacts } from './payload-facts.ts'
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
  return await ports.leases.shared(
    namespace.id,
    async (share) => {
      const { live, pending } = await writePlace(ports, namespace, share)
      const changed = await inTurn(namespace.id, async () => {
        const records = await changeThere(ports, live, pointIds, change, signal)
        // What it does not have yet it is given later, as it is then.
        if (pending) await changeThere(ports, pending, pointIds, change, signal)
        return records
      })
      share.check()
      return changed
    },
    signal,
  )
}

async function changeThere(
  ports: WritePorts,
  namespace: Namespace,
  pointIds: readonly string[],
  change: FieldsChange,
  signal: AbortSignal | undefined,
): Promise<DocumentRecord[]> {
  const everything = { select: null, withVectors: false }
  const records = await retrieveDocuments(ports, namespace, pointIds, everything, signal)
  const changed: DocumentRecord[] = []
  for (const record of records) {
    changed.push(await changeDocument(ports, namespace, record, change, signal))
  }
  return changed
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
  await applyWrite(ports, namespace, { kind: 'overwrite_payload', selection, payload }, signal)
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
