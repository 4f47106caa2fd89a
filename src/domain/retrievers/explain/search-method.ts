import type { CollectionDescription } from '../../../ports/vector-engine.ts'
import type { VectorDefinition } from '../../namespaces/namespace.ts'

export interface SearchMethod {
  method: 'exact' | 'graph'
  why: string
}

/** Kilobytes of vectors below which the engine scores all of them, where the collection says nothing else. */
const fullScanKbDefault = 10_000
/** Kilobytes of vectors from which a segment gets a graph; the engine's default, which is ours. */
const indexingKb = 10_000

/**
 * Whether a search scored every candidate or walked the graph, by the engine's own rules: a segment gets a graph once
 * its vectors outgrow the indexing threshold, and leaves it aside while fewer candidates than `full_scan_threshold`
 * are left. Both count within a segment, so 'exact' is certain, and 'graph' says that it may be.
 */
export function searchMethod(
  vector: VectorDefinition,
  collection: Pick<CollectionDescription, 'vectors' | 'hnsw_config'> | null,
  counts: { withVector: number; candidates: number; isFiltered: boolean },
): SearchMethod {
  if (vector.type === 'sparse')
    return { method: 'exact', why: 'sparse vectors have an inverted index, which misses nothing' }
  const bytes = vectorBytes(vector, collection)
  const pointsInGraph = Math.floor((indexingKb * 1024) / bytes)
  if (counts.withVector <= pointsInGraph) {
    const why = `there are ${counts.withVector} vectors; a graph is built from about ${pointsInGraph} of them on`
    return { method: 'exact', why }
  }
  const fullScanKb = collection?.hnsw_config?.full_scan_threshold ?? fullScanKbDefault
  const fullScan = Math.floor((fullScanKb * 1024) / bytes)
  if (!counts.isFiltered)
    return {
      method: 'graph',
      why: `no filter, and ${counts.withVector} vectors: too many to score each`,
    }
  return counts.candidates < fullScan
    ? {
        method: 'exact',
        why: `${counts.candidates} candidates, fewer than ${fullScan}: each is scored`,
      }
    : {
        method: 'graph',
        why: `${counts.candidates} candidates, ${fullScan} or more: the graph is walked with the filter`,
      }
}

function vectorBytes(
  { name, dimensions }: VectorDefinition,
  collection: Pick<CollectionDescription, 'vectors'> | null,
): number {
  const spec = collection?.vectors[name]
  const bytesEach = spec?.datatype === 'uint8' ? 1 : spec?.datatype === 'float16' ? 2 : 4
  return Math.max(1, (spec?.size ?? dimensions ?? 1) * bytesEach)
}
