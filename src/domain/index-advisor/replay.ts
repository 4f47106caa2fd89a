import type { Ports } from '../../ports/ports.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import { isFailure } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { judgeIds, type Judged } from './judge-ids.ts'
import { sampleKey, type AskedSample } from './measurement.ts'
import { PointIds } from './point-ids.ts'

export type ReplayPorts = ReadPorts & Pick<Ports, 'config' | 'log' | 'now'>

/** What a recorded query finds: its documents in the order of their ids. */
export interface ReplayedQuery {
  /** The same before and after an index. */
  key: string
  shape: string
  filter: Filter
  collectionIds: string[] | null
  ids: PointIds
  /** What lies beyond this id was not looked at, since the budget of ids ended there; null: it is whole. */
  upTo: string | null
  /** Of ids that an earlier replay tells otherwise: what the engine says, and what the filter means. */
  judged: Judged[]
}

export interface ReplayedIds {
  queries: ReplayedQuery[]
  /** Recorded queries that were not replayed: the time was used up, or the read gate refused them. */
  skipped: number
  takenAt: string
}

/**
 * The documents that each recorded query finds, exactly and not only its first page: searches, counts, groups all rest
 * on them. Within `NACRE_INDEX_REPLAY_MS` and `NACRE_INDEX_REPLAY_IDS_MAX`. With `against` (the replay before an
 * index) every id that differs is judged by its current payload (design 7, Auto-indexes). Throws what the engine
 * throws, and the signal's reason.
 */
export async function replayIds(
  ports: ReplayPorts,
  namespace: Namespace,
  samples: readonly AskedSample[],
  options: { exact: true; against?: ReplayedIds; signal?: AbortSignal },
): Promise<ReplayedIds> {
  const { against, signal } = options
  const earlier = new Map(against?.queries.map((query) => [query.key, query]))
  const distinct = distinctQueries(samples)
  const idsMax = Math.ceil(ports.config.indexReplayIdsMax / Math.max(distinct.length, 1))
  const end = performance.now() + ports.config.indexReplayMs
  const queries: ReplayedQuery[] = []
  for (const sample of distinct) {
    if (performance.now() > end) break
    const query = await replayed(ports, namespace, sample, idsMax, signal)
    const before = query && earlier.get(query.key)
    if (query && before) query.judged = await judged(ports, namespace, before, query, signal)
    if (query) queries.push(query)
  }
  return {
    queries,
    skipped: distinct.length - queries.length,
    takenAt: ports.now().toISOString(),
  }
}

/** Ids of one query that are judged; of more, these stand for all. */
const judgedMax = 1_000

type Replayable = Pick<ReplayedQuery, 'key' | 'shape' | 'filter' | 'collectionIds'>

/** Of queries that find the same documents one: a search, a list and a count by one filter. */
function distinctQueries(samples: readonly AskedSample[]): Replayable[] {
  const queries = samples.map(({ shape, filter, collectionIds }): Replayable => {
    const key = sampleKey({ kind: 'list', filter, collectionIds, using: null, limit: null })
    return { key, shape, filter, collectionIds }
  })
  return [...new Map(queries.map((query) => [query.key, query])).values()]
}

/** Null for what the read gate refuses: too many documents to look at. */
async function replayed(
  ports: ReplayPorts,
  namespace: Namespace,
  query: Replayable,
  idsMax: number,
  signal: AbortSignal | undefined,
): Promise<ReplayedQuery | null> {
  const ids = new PointIds()
  const answer = { ...query, ids, upTo: null, judged: [] }
  const request = { filter: query.filter, select: [], withVectors: false }
  try {
    for await (const page of scanDocuments(ports, namespace, query, request, signal)) {
      for (const { pointId } of page) {
        ids.add(pointId)
        if (ids.length >= idsMax) return { ...answer, upTo: ids.last() }
      }
    }
    return answer
  } catch (error) {
    if (!isFailure(error, 'bad_request') && !isFailure(error, 'not_enabled')) throw error
    ports.log.debug({ namespaceId: namespace.id, shape: query.shape, err: error }, 'not replayed')
    return null
  }
}

async function judged(
  ports: ReplayPorts,
  namespace: Namespace,
  before: ReplayedQuery,
  after: ReplayedQuery,
  signal: AbortSignal | undefined,
): Promise<Judged[]> {
  const upTo = earlierEnd(before.upTo, after.upTo)
  const ids = before.ids.differing(after.ids, upTo, judgedMax)
  return await judgeIds(ports, namespace, after, ids, signal)
}

/** Beyond the place where either of them ended they cannot be compared. */
function earlierEnd(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}
