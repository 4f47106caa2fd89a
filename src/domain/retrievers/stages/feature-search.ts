import { z } from 'zod'
import { findCollection } from '../../collections/find-collection.ts'
import { featuresOf, resolveFeature, type Features } from '../../extractors/features-of.ts'
import { fail, invalid } from '../../failure.ts'
import type { Filter } from '../../filters/filter.ts'
import { filterLimits } from '../../filters/filter-limits.ts'
import { parseFilter } from '../../filters/parse-filter.ts'
import type { VectorDefinition } from '../../namespaces/namespace.ts'
import { normaliseFeatureSearch } from '../normalise-feature-search.ts'
import type { Wanted } from '../search-query.ts'
import { SearchQuery, wantedBy } from '../search-query.ts'
import type { Location, Selection, StageCall, StageResult } from '../stage.ts'
import { both, stage } from '../stage.ts'
import { countFacets, Facet } from './feature-facets.ts'
import { GroupBy, listGroups, searchGroups } from './feature-groups.ts'
import { runSearches, type Fusion, type ReadySearches } from './run-searches.ts'

const Identifiers = z.array(z.string().min(1)).max(1_000)

const Search = z.strictObject({
  feature_uri: z.string().min(1).optional(),
  query: SearchQuery,
  top_k: z.int().min(1).max(10_000).default(100),
  min_score: z.number().optional(),
  weight: z.number().min(0).max(1).default(1),
  on_empty: z.enum(['error', 'skip', 'random']).default('error'),
  collection_identifiers: Identifiers.optional(),
  filters: z.unknown().optional(),
})
type Search = z.infer<typeof Search>

const parameters = {
  searches: z.array(Search).max(10).default([]),
  final_top_k: z.int().min(1).max(500).default(25),
  fusion: z.enum(['rrf', 'dbsf', 'weighted', 'max', 'learned']).default('rrf'),
  pre_filters: z.unknown().optional(),
  collection_identifiers: Identifiers.optional(),
  group_by: GroupBy.optional(),
  facets: z.array(Facet).max(20).optional(),
  query_preprocessing: z.unknown().optional(),
  learning_config: z.unknown().optional(),
}

const featureSearchParameters = z.object(parameters)

/** A search whose query has become a vector. */
interface ReadySearch {
  search: Search
  vector: VectorDefinition
  query: Exclude<Wanted, { text: string } | { missing: string }>['vector']
  location: Location
}

/** Contract 18, feature_search: the only stage that finds documents by meaning; 0 → at most final_top_k. */
export const featureSearchStage = stage({
  stageId: 'feature_search',
  category: 'filter',
  description:
    'Finds documents by meaning: texts, vectors or documents, several searches fused into one',
  icon: 'search',
  parameters,
  aliases: {
    filters: 'pre_filters',
    collection_ids: 'collection_identifiers',
    limit: 'final_top_k',
  },
  normalise: normaliseFeatureSearch,
  check({ searches, fusion, query_preprocessing, learning_config }, location) {
    if (searches.length > 1 && fusion === 'learned')
      throw notRun([...location, 'fusion'], fusion, 'rrf, dbsf, weighted or max')
    if (query_preprocessing !== undefined) throw notEnabled('query_preprocessing')
    if (learning_config !== undefined) throw notEnabled('learning_config')
  },
  leavesAtMost: ({ group_by: groups, final_top_k: limit }) =>
    groups ? groups.limit * (groups.output_mode === 'first' ? 1 : groups.max_per_group) : limit,
  async run(call, given, selection) {
    const within = await searchedWithin(call, given, selection)
    const found = await foundBy(call, given, within)
    return { ...found, ...(await countFacets(call, given.facets, within)) }
  },
})

type Given = z.infer<typeof featureSearchParameters>
type Within = { filter: Filter | null; collectionIds: readonly string[] | null }

async function foundBy(call: StageCall, given: Given, within: Within): Promise<StageResult> {
  const { searches, group_by: groupBy, final_top_k: limit, fusion } = given
  if (searches.length === 0) {
    const scope = filterOnlyScope(call, within)
    if (groupBy) return await listGroups(call, scope, groupBy)
    return { selection: { kind: 'unread', filter: scope.filter, sort: [], offset: 0, limit } }
  }
  const ready = await readySearches(call, searches, within.collectionIds)
  checkFusion(ready, fusion)
  const together = await searchesOf(call, ready, fusion, within)
  if (groupBy) return await searchGroups(call, together, groupBy)
  const [only] = together.searches
  const most = together.searches.length === 1 ? Math.min(limit, only?.limit ?? limit) : limit
  const documents = await runSearches(call, together, { limit: most, select: null })
  return { selection: { kind: 'read', documents } }
}

/** Distances are better the smaller they are: they do not add up with scores. */
function checkFusion(ready: readonly ReadySearch[], fusion: string): void {
  if (ready.length < 2 || (fusion !== 'weighted' && fusion !== 'max')) return
  for (const { vector, location } of ready) {
    if (vector.type !== 'dense' || !['euclidean', 'manhattan'].includes(vector.distance)) continue
    throw invalid(
      [...location.slice(0, -2), 'fusion'],
      `is '${fusion}', which compares scores, and ${vector.featureUri} has ${vector.distance} distances; use rrf or dbsf`,
      'invalid_value',
    )
  }
}

/** The documents that a stage searches in: those that its own filters and the stages before it leave. */
export async function searchedWithin(
  call: StageCall,
  given: { pre_filters?: unknown; collection_identifiers?: readonly string[] | undefined },
  selection: Selection,
): Promise<Within> {
  const own = filterOf(call, given.pre_filters, [...call.location, 'pre_filters'])
  const filter = both(both(narrowing(selection), call.preFilter), own)
  return {
    filter,
    collectionIds: await idsOf(call, given.collection_identifiers, call.collectionIds),
  }
}

async function searchesOf(
  call: StageCall,
  ready: readonly ReadySearch[],
  fusion: string,
  within: Within,
): Promise<ReadySearches> {
  const scopes = await Promise.all(
    ready.map(({ search: one }) => idsOf(call, one.collection_identifiers, within.collectionIds)),
  )
  const isAll = scopes.includes(null)
  return {
    searches: ready.map(({ search: one, vector, query, location }, i) => ({
      using: vector.name,
      query,
      filter: both(
        filterOf(call, one.filters, [...location, 'filters']),
        one.collection_identifiers ? inCollections(scopes[i] ?? []) : null,
      ),
      limit: one.top_k,
      minScore: one.min_score ?? null,
      weight: one.weight,
    })),
    fusion: fusionOf(fusion),
    filter: within.filter,
    collectionIds: isAll ? null : [...new Set(scopes.flatMap((ids) => ids ?? []))],
  }
}

/** With one search there is nothing to fuse, whatever is said. */
function fusionOf(given: string): Fusion {
  return given === 'dbsf' || given === 'weighted' || given === 'max' ? given : 'rrf'
}

/** All texts go to the model in one call. Searches that may be skipped and have nothing to look for are left out. */
async function readySearches(
  call: StageCall,
  searches: readonly Search[],
  within: readonly string[] | null,
): Promise<ReadySearch[]> {
  const { ports, namespace, signal } = call
  const features = await featuresOf(ports, namespace)
  const wanted = await Promise.all(
    searches.map(async (one, i) => {
      const location = [...call.location, 'searches', i]
      const vector = vectorOf(call, features, one.feature_uri, [...location, 'feature_uri'])
      const collectionIds = await idsOf(call, one.collection_identifiers, within)
      const place = { ports, namespace, collectionIds, location, signal }
      return {
        search: one,
        vector,
        location,
        wanted: await wantedBy(place, vector, one.query),
      }
    }),
  )
  const texts = wanted.flatMap((one) => ('text' in one.wanted ? [one.wanted.text] : []))
  const embedded =
    texts.length === 0
      ? []
      : await ports.embedder.embed(
          namespace.embedding.model,
          texts,
          { queryOf: namespace.organizationId },
          signal,
        )
  let next = 0
  return wanted.flatMap((one): ReadySearch[] => {
    const answer = 'text' in one.wanted ? embedded[next++] : undefined
    const found = 'text' in one.wanted ? fromModel(call, one.vector, answer) : one.wanted
    if ('vector' in found)
      return [
        { search: one.search, vector: one.vector, query: found.vector, location: one.location },
      ]
    if (one.search.on_empty === 'skip') return []
    const { type, dimensions } = one.vector
    if (one.search.on_empty === 'random' && type === 'dense' && dimensions !== null) {
      const query = randomDirection(dimensions)
      return [{ search: one.search, vector: one.vector, query, location: one.location }]
    }
    throw invalid(
      [...one.location, 'query'],
      found.missing,
      'empty_query',
      "on_empty: 'skip' leaves such a search out.",
    )
  })
}

/** Any direction, each equally likely: normally distributed in every dimension (Box and Muller, 1958). */
function randomDirection(dimensions: number): Float32Array {
  return Float32Array.from({ length: dimensions }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - Math.random()))
    return radius * Math.cos(2 * Math.PI * Math.random())
  })
}

function fromModel(
  { namespace }: StageCall,
  { dimensions }: VectorDefinition,
  answer: Float32Array | { message: string } | undefined,
): { vector: Float32Array } | { missing: string } {
  if (answer instanceof Float32Array) {
    if (answer.length === dimensions) return { vector: answer }
    // The endpoint behind the model was changed since the namespace was made: no fault of the caller's.
    const reason = `it answers ${answer.length} dimensions, and the namespace was made with ${dimensions}`
    throw fail('inference_unavailable', { model: namespace.embedding.model, reason })
  }
  return { missing: answer?.message ?? 'the model answered nothing' }
}

/** Without a URI: the namespace's only dense vector. */
function vectorOf(
  { namespace }: StageCall,
  features: Features,
  uri: string | undefined,
  location: Location,
): VectorDefinition {
  if (uri !== undefined) return resolveFeature(features, uri, [...location])
  const dense = Object.values(namespace.vectors).filter(({ type }) => type === 'dense')
  const [only] = dense
  if (only && dense.length === 1) return only
  const uris = dense.map(({ featureUri }) => featureUri).join(', ')
  throw invalid([...location], `is missing; this namespace has ${uris || 'no vector'}`, 'missing')
}

/** Filter-only mode: documents are listed, without scores (contract 18). */
function filterOnlyScope(
  { location, collectionIds: outer }: StageCall,
  { filter, collectionIds }: Within,
): Within {
  if (filter === null) {
    throw invalid(
      [...location, 'searches'],
      'is empty, and there are no pre_filters to go by instead',
      'missing',
    )
  }
  const within = collectionIds === outer ? null : inCollections(collectionIds ?? [])
  return { filter: both(filter, within), collectionIds: outer }
}

/** What earlier stages have left to search in. */
function narrowing(selection: Selection): Filter | null {
  if (selection.kind === 'unread' && selection.limit === null && selection.offset === 0)
    return selection.filter
  if (selection.kind === 'unread') {
    throw fail('bad_request', {
      reason: 'A feature_search after a limit would search in an arbitrary part of the documents.',
      hint: 'Put the limit after the feature_search.',
    })
  }
  return oneOf(
    'document_id',
    selection.documents.map(({ documentId }) => documentId),
  )
}

function inCollections(ids: readonly string[]): Filter {
  return oneOf('collection_id', ids)
}

function oneOf(field: string, values: readonly string[]): Filter {
  return { kind: 'leaf', field, operator: 'in', value: [...values], caseSensitive: null }
}

function filterOf({ ports, inputs }: StageCall, given: unknown, location: Location): Filter | null {
  if (given === undefined || given === null) return null
  return parseFilter(given, [...location], { inputs, limits: filterLimits(ports.config) })
}

/** Names or ids → ids; the outer scope where nothing is named. */
async function idsOf(
  { ports, namespace }: StageCall,
  identifiers: readonly string[] | undefined,
  outer: readonly string[] | null,
): Promise<readonly string[] | null> {
  if (identifiers === undefined || identifiers.length === 0) return outer
  const found = await Promise.all(identifiers.map((one) => findCollection(ports, namespace, one)))
  return found.map(({ id }) => id)
}

function notRun(location: Location, given: string, wanted: string): Error {
  return invalid(
    [...location],
    `is '${given}', which is not run here; use ${wanted}`,
    'not_enabled',
  )
}

function notEnabled(parameter: string): Error {
  return fail('not_enabled', {
    feature: `${parameter} of feature_search`,
    hint: 'Leave this parameter out.',
  })
}
