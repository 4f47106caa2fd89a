import { isDeepStrictEqual } from 'node:util'
import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { noteWrites, type NotePorts } from '../payload-facts/note-writes.ts'
import { watchedValuesOf } from '../payload-facts/watched-values.ts'
import { internalOf, type NewDocument } from './document.ts'
import { patched } from './document-patch.ts'
import { retrieveDocuments } from './read.ts'
import { applyWrite, earlierOf, fillPoints, pointOf } from './write.ts'

/** Points of one engine call. */
const pointsMax = 500

/**
 * Writes documents that were made again into a generation that is not live yet, with what users have changed in those
 * of the live one. Only for a caller that holds the namespace's lease, and looks afterwards whether the live ones have
 * changed meanwhile.
 */
export async function fillDocuments(
  ports: NotePorts & Pick<Ports, 'vectors'>,
  live: Namespace,
  coming: Namespace,
  documents: readonly NewDocument[],
): Promise<void> {
  for (let i = 0; i < documents.length; i += pointsMax) {
    const some = documents.slice(i, i + pointsMax)
    const earlier = await earlierOf(ports, live, some)
    const now = ports.now().toISOString()
    const points = some.map((document) => pointOf(document, earlier.get(document.id), now))
    await fillPoints(ports, coming, points)
  }
}

/** Gives extracted documents of a generation the changes that users have made in those of the live one. */
export async function repatchDocuments(
  ports: NotePorts & Pick<Ports, 'vectors'>,
  live: Namespace,
  coming: Namespace,
  pointIds: readonly string[],
): Promise<void> {
  const earlier = await earlierOf(
    ports,
    live,
    pointIds.map((id) => ({ id })),
  )
  const everything = { select: null, withVectors: false }
  for (const { pointId, payload } of await retrieveDocuments(ports, coming, pointIds, everything)) {
    const { _internal: _, ...fields } = payload ?? {}
    const { patch } = earlier.get(pointId) ?? {}
    const internal = internalOf(payload)
    if (!patch || isDeepStrictEqual(patch, internal.patch)) continue
    const changed = { ...patched(fields, patch), _internal: { ...internal, patch } }
    const watched = await watchedValuesOf(ports, coming.id)
    const written = [{ id: pointId, payload: changed }]
    await noteWrites(ports, watched, coming.generation, written)
    const selection = { points: [pointId] }
    await applyWrite(ports, coming, { kind: 'overwrite_payload', selection, payload: changed })
  }
}

/** Takes documents out of a generation that is not live yet. */
export async function dropDocuments(
  ports: Pick<Ports, 'vectors'>,
  coming: Namespace,
  pointIds: readonly string[],
): Promise<void> {
  if (pointIds.length === 0) return
  await applyWrite(ports, coming, { kind: 'delete', selection: { points: [...pointIds] } })
}
