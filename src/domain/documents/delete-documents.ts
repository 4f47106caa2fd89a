import type { Ports } from '../../ports/ports.ts'
import type { Write } from '../../ports/vector-engine.ts'
import type { Filter } from '../filters/filter.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import { tapped } from '../query-usage/tapped.ts'
import { countDocuments, planOf, retrieveDocuments, scanDocuments } from './read.ts'
import { applyWrite, type WritePorts } from './write.ts'
import { writePlace, type WritePlace } from './write-place.ts'

/** Points of one engine call. */
const pointsMax = 1_000

/** Which documents are deleted: points, or what a filter matches in some collections (null: in all). */
export type DeleteSelection = { pointIds: readonly string[] } | FilterSelection

interface FilterSelection {
  filter: Filter | null
  collectionIds: readonly string[] | null
  /** Of a deletion that a client asked for. */
  asked?: AskedRead
}

/**
 * Deletes documents and answers how many there were. What is deleted stays so after a reconfigure and after its undo:
 * earlier generations first, then the live one, then the one to come, so that what is half done is done again.
 */
export async function deleteDocuments(
  ports: WritePorts,
  namespace: Namespace,
  selection: DeleteSelection,
  signal?: AbortSignal,
): Promise<number> {
  return await ports.leases.shared(
    namespace.id,
    async (share) => {
      const place = await writePlace(ports, namespace, share)
      const deleted =
        'pointIds' in selection
          ? await deletePoints(ports, place, selection.pointIds, signal)
          : await deleteMatches(ports, place, selection, signal)
      share.check()
      return deleted
    },
    signal,
  )
}

async function deletePoints(
  ports: WritePorts,
  place: WritePlace,
  pointIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let deleted = 0
  for (let i = 0; i < pointIds.length; i += pointsMax) {
    const ids = pointIds.slice(i, i + pointsMax)
    const idsOnly = { select: [], withVectors: false }
    const there = await retrieveDocuments(ports, place.live, ids, idsOnly, signal)
    await deleteEverywhere(ports, place, ids, there.length > 0, signal)
    deleted += there.length
  }
  return deleted
}

/** Absent ids are ignored by the engine; where the live generation has none of them, it is not asked. */
async function deleteEverywhere(
  ports: WritePorts,
  { live, pending, retained }: WritePlace,
  ids: readonly string[],
  isLive: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deletion: Write = { kind: 'delete', selection: { points: [...ids] } }
  for (const earlier of retained) await applyWrite(ports, earlier, deletion, signal)
  if (isLive) await applyWrite(ports, live, deletion, signal)
  if (pending) await applyWrite(ports, pending, deletion, signal)
}

async function deleteMatches(
  ports: WritePorts,
  place: WritePlace,
  selection: FilterSelection,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { live, pending, retained } = place
  const { filter, collectionIds, asked } = selection
  const scope = { collectionIds }
  for (const earlier of retained) await deleteInEarlier(ports, earlier, selection, signal)
  const plan = await planOf(ports, live, scope, filter, signal)
  if (plan.residual === null && !pending && retained.length === 0) {
    const count = await countDocuments(ports, live, scope, filter, signal, asked)
    const matches = { filter: plan.engine ?? {} }
    if (count > 0) await applyWrite(ports, live, { kind: 'delete', selection: matches }, signal)
    return count
  }
  // The time of the deletions stands in the record, too: they are done page by page.
  const read = { filter, scope, limit: null }
  const work = () => deleteOneByOne(ports, place, selection, signal)
  const found = (results: number) => ({ results, candidates: null })
  return await tapped(ports, live, asked, read, work, found)
}

async function deleteOneByOne(
  ports: WritePorts,
  place: WritePlace,
  selection: FilterSelection,
  signal: AbortSignal | undefined,
): Promise<number> {
  let deleted = 0
  for await (const ids of matchesOf(ports, place.live, selection, signal)) {
    await deleteEverywhere(ports, place, ids, true, signal)
    deleted += ids.length
  }
  return deleted
}

/** What of an earlier generation matches, whether the live one has it or not: an undo must not bring it back. */
async function deleteInEarlier(
  ports: WritePorts,
  earlier: Namespace,
  selection: { filter: Filter | null; collectionIds: readonly string[] | null },
  signal: AbortSignal | undefined,
): Promise<void> {
  const indexed = await withItsIndexes(ports, earlier)
  for await (const points of matchesOf(ports, indexed, selection, signal)) {
    await applyWrite(ports, earlier, { kind: 'delete', selection: { points } }, signal)
  }
}

/** The payload indexes that it has, whatever was declared since: how a filter is answered depends on them. */
async function withItsIndexes(
  { vectors }: Pick<Ports, 'vectors'>,
  namespace: Namespace,
): Promise<Namespace> {
  const there = await vectors.describeCollection(collectionOf(namespace))
  const payloadIndexes = Object.entries(there?.payload_schema ?? {}).map(([path, schema]) => ({
    fieldName: path,
    path,
    schema,
    origin: 'system' as const,
    isProtected: true,
    state: 'active' as const,
    error: null,
  }))
  return { ...namespace, payloadIndexes }
}

async function* matchesOf(
  ports: WritePorts,
  namespace: Namespace,
  { filter, collectionIds }: { filter: Filter | null; collectionIds: readonly string[] | null },
  signal: AbortSignal | undefined,
): AsyncGenerator<string[], void, undefined> {
  const scan = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds }, scan, signal)) {
    yield page.map(({ pointId }) => pointId)
  }
}
