import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { internalOf } from './document.ts'
import { scanDocuments, type ReadPorts } from './read.ts'

/** The documents that an object became in one collection, and what these became in others. */
export interface DecompositionNode {
  collection_id: string
  collection_name: string
  feature_extractor_id: string
  document_count: number
  /** Only where they were asked for; the first ones where there are many. */
  document_ids?: string[]
  children: DecompositionNode[]
}

export interface Decomposition {
  total_documents: number
  tree: DecompositionNode[]
  /** False where `document_ids` were left out. */
  document_ids_complete: boolean
}

/** Ids of one answer. */
export const decompositionIdsMax = 10_000

/** Documents of one collection that were made of one source collection (null: of the object). */
interface Part {
  source: string | null
  count: number
  ids: string[]
}

/** The documents that were made of an object, directly or by way of others. */
export function madeOf(objectId: string): Filter {
  return {
    kind: 'leaf',
    field: '_internal.root_object_id',
    operator: 'eq',
    value: objectId,
    caseSensitive: null,
  }
}

/** Every document of an object, counted along the collections that it went through. */
export async function decomposeObject(
  ports: ReadPorts,
  namespace: Namespace,
  objectId: string,
  { withIds }: { withIds: boolean },
  signal?: AbortSignal,
): Promise<Decomposition> {
  const collections = await collectionsOf(ports, namespace.id)
  const scope = { collectionIds: collections.map(({ id }) => id) }
  const scan = { filter: madeOf(objectId), select: ['_internal'], withVectors: false }
  const parts = new Map<string, Part[]>()
  let total = 0
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    for (const { collectionId, documentId, payload } of page) {
      const source = internalOf(payload).source_collection_id ?? null
      const part = partOf(parts, collectionId, source)
      part.count += 1
      if (withIds && total < decompositionIdsMax) part.ids.push(documentId)
      total += 1
    }
  }
  return {
    total_documents: total,
    tree: rootsOf(collections, parts, withIds),
    document_ids_complete: !withIds || total <= decompositionIdsMax,
  }
}

function partOf(parts: Map<string, Part[]>, collectionId: string, source: string | null): Part {
  const known = parts.get(collectionId) ?? []
  const found = known.find((part) => part.source === source)
  if (found) return found
  const part = { source, count: 0, ids: [] }
  parts.set(collectionId, [...known, part])
  return part
}

function rootsOf(
  collections: readonly Collection[],
  parts: ReadonlyMap<string, Part[]>,
  withIds: boolean,
): DecompositionNode[] {
  // A source whose own documents are gone leaves what was made of them at the root.
  const isRoot = ({ source }: Part) => source === null || !parts.has(source)
  return collections.flatMap((collection) =>
    nodesOf(collection, { collections, parts, withIds, above: [] }, isRoot),
  )
}

interface Tree {
  collections: readonly Collection[]
  parts: ReadonlyMap<string, Part[]>
  withIds: boolean
  /** Collections on the way here: one that came back would never end. */
  above: readonly string[]
}

function nodesOf(
  collection: Collection,
  tree: Tree,
  belongs: (part: Part) => boolean,
): DecompositionNode[] {
  const { id, name, extractor } = collection
  if (tree.above.includes(id)) return []
  const below = { ...tree, above: [...tree.above, id] }
  return (tree.parts.get(id) ?? []).filter(belongs).map(({ count, ids }) => ({
    collection_id: id,
    collection_name: name,
    feature_extractor_id: extractor.feature_extractor_id,
    document_count: count,
    ...(tree.withIds && { document_ids: ids }),
    children: tree.collections.flatMap((each) =>
      nodesOf(each, below, ({ source }) => source === id),
    ),
  }))
}
