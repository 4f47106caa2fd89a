import type { SparseVector } from '../../../ports/vector-engine.ts'
import type { DocumentRecord } from '../../documents/document.ts'
import { queryDocuments, retrieveDocuments, type DocumentSearch } from '../../documents/read.ts'
import type { Filter } from '../../filters/filter.ts'
import type { StageCall } from '../stage.ts'
import { fuseScores } from './fuse-scores.ts'

export type Fusion = 'rrf' | 'dbsf' | 'weighted' | 'max'

/** Searches that have become vectors, and what holds for all of them. */
export interface ReadySearches {
  searches: readonly (DocumentSearch & { query: Float32Array | SparseVector; weight: number })[]
  fusion: Fusion
  filter: Filter | null
  collectionIds: readonly string[] | null
}

interface Wanted {
  limit: number
  /** Null: all of the documents, with vectors where the call wants them; else ids and these fields. */
  select: readonly string[] | null
}

/** Documents by nearness, best first; one engine call where the engine itself can fuse. */
export async function runSearches(
  call: StageCall,
  ready: ReadySearches,
  wanted: Wanted,
): Promise<DocumentRecord[]> {
  const { searches, fusion } = ready
  if (searches.length === 0) return []
  if (searches.length === 1) return await query(call, ready, searches, { ...wanted, fusion: null })
  if (fusion === 'rrf' || fusion === 'dbsf')
    return await query(call, ready, searches, { ...wanted, fusion })
  return await fusedHere(call, { ...ready, fusion }, wanted)
}

/** By scores: every search for itself, ids alone, and then the documents that are left. */
async function fusedHere(
  call: StageCall,
  ready: ReadySearches & { fusion: 'weighted' | 'max' },
  { limit, select }: Wanted,
): Promise<DocumentRecord[]> {
  const lists = await Promise.all(
    ready.searches.map(async (search) => ({
      weight: search.weight,
      found: await query(call, ready, [search], { limit: search.limit, select: [], fusion: null }),
    })),
  )
  const fused = fuseScores(lists, ready.fusion).slice(0, limit)
  const scores = new Map(fused.map(({ pointId, score }) => [pointId, score]))
  const found = await documentsOf(call, [...scores.keys()], select)
  return found.map((record) => ({ ...record, score: scores.get(record.pointId) ?? null }))
}

/** The documents of these points, in their order; what was deleted meanwhile is left out. */
export async function documentsOf(
  { ports, namespace, withVectors, signal }: StageCall,
  pointIds: readonly string[],
  select: readonly string[] | null,
): Promise<DocumentRecord[]> {
  const selection = { select, withVectors: select === null && withVectors }
  return await retrieveDocuments(ports, namespace, pointIds, selection, signal)
}

async function query(
  { ports, namespace, withVectors, retrieverId, signal }: StageCall,
  { filter, collectionIds }: ReadySearches,
  searches: ReadySearches['searches'],
  { limit, select, fusion }: Wanted & { fusion: 'rrf' | 'dbsf' | null },
): Promise<DocumentRecord[]> {
  return await queryDocuments(
    ports,
    namespace,
    { collectionIds },
    {
      searches: [...searches],
      fusion,
      filter,
      limit,
      offset: 0,
      select,
      withVectors: select === null && withVectors,
      asked: { kind: 'search', retrieverId },
    },
    signal,
  )
}
