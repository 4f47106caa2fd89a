import { z } from 'zod'
import { findCollection } from '../../collections/find-collection.ts'
import type { DocumentRecord } from '../../documents/document.ts'
import { queryDocuments } from '../../documents/read.ts'
import { featuresOf, resolveFeature, type Features } from '../../extractors/features-of.ts'
import { fail, invalid } from '../../failure.ts'
import type { Filter } from '../../filters/filter.ts'
import { filterLimits, parseFilter } from '../../filters/parse-filter.ts'
import type { VectorDefinition } from '../../namespaces/namespace.ts'
import { normaliseFeatureSearch } from '../normalise-feature-search.ts'
import type { Wanted } from '../search-query.ts'
import { SearchQuery, wantedBy } from '../search-query.ts'
import type { Location, Selection, StageCall } from '../stage.ts'
import { both, stage } from '../stage.ts'
import { countFacets, Facet } from './feature-facets.ts'

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
  group_by: z.unknown().optional(),
  facets: z.array(Facet).max(20).optional(),
  query_preprocessing: z.unknown().optional(),
  learning_config: z.unknown().optional(),
}

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
  check({ searches, fusion, query_preprocessing, group_by }, location) {
    for (const [i, { on_empty }] of searches.entries()) {
      if (on_empty === 'random')
        throw notRun([...location, 'searches', i, 'on_empty'], 'random', 'error or skip')
    }
    const isFused = searches.length > 1
    if (isFused && fusion !== 'rrf' && fusion !== 'dbsf')
      throw notRun([...location, 'fusion'], fusion, 'rrf or dbsf')
    if (query_preprocessing !== undefined) throw notEnabled('query_preprocessing')
    if (group_by !== undefined) throw notEnabled('group_by')
  },
  async run(call, given, selection) {
    const within = await searchedWithin(call, given, selection)
    const { filter, collectionIds } = within
    if (given.searches.length === 0) {
      const listed = filterOnly(call, given.final_top_k, filter, collectionIds)
      return { selection: listed, ...(await countFacets(call, given.facets, within)) }
    }
    const ready = await readySearches(call, given.searches, collectionIds)
    const documents = await search(call, ready, given, within)
    const facets = await countFacets(call, given.facets, within)
    return { selection: { kind: 'read', documents }, ...facets }
  },
})

/** The documents that a stage searches in: those that its own filters and the stages before it leave. */
export async function searchedWithin(
  call: StageCall,
  given: { pre_filters?: unknown; collection_identifiers?: readonly string[] | undefined },
  selection: Selection,
): Promise<{ filter: Filter | null; collectionIds: readonly string[] | null }> {
  const own = filterOf(call, given.pre_filters, [...call.location, 'pre_filters'])
  const filter = both(both(narrowing(selection), call.preFilter), own)
  return {
    filter,
    collectionIds: await idsOf(call, given.collection_identifiers, call.collectionIds),
  }
}

async function search(
  call: StageCall,
  ready: readonly ReadySearch[],
  { fusion, final_top_k: limit }: { fusion: string; final_top_k: number },
  within: { filter: Filter | null; collectionIds: readonly string[] | null },
): Promise<DocumentRecord[]> {
  if (ready.length === 0) return []
  const scopes = await Promise.all(
    ready.map(({ search: one }) => idsOf(call, one.collection_identifiers, within.collectionIds)),
  )
  const isAll = scopes.includes(null)
  const collectionIds = isAll ? null : [...new Set(scopes.flatMap((ids) => ids ?? []))]
  const searches = ready.map(({ search: one, vector, query, location }, i) => ({
    using: vector.name,
    query,
    filter: both(
      filterOf(call, one.filters, [...location, 'filters']),
      one.collection_identifiers ? inCollections(scopes[i] ?? []) : null,
    ),
    limit: one.top_k,
    minScore: one.min_score ?? null,
  }))
  return await queryDocuments(
    call.ports,
    call.namespace,
    { collectionIds },
    {
      searches,
      fusion: ready.length === 1 ? null : fusion === 'dbsf' ? 'dbsf' : 'rrf',
      filter: within.filter,
      limit: ready.length === 1 ? Math.min(limit, ready[0]?.search.top_k ?? limit) : limit,
      offset: 0,
      select: null,
      withVectors: call.withVectors,
      asked: { kind: 'search', retrieverId: call.retrieverId },
    },
    call.signal,
  )
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
      : await ports.embedder.embed(namespace.embedding.model, texts, 'query', signal)
  let next = 0
  return wanted.flatMap((one): ReadySearch[] => {
    const answer = 'text' in one.wanted ? embedded[next++] : undefined
    const found = 'text' in one.wanted ? fromModel(call, one.vector, answer) : one.wanted
    if ('vector' in found)
      return [
        { search: one.search, vector: one.vector, query: found.vector, location: one.location },
      ]
    if (one.search.on_empty === 'skip') return []
    throw invalid(
      [...one.location, 'query'],
      found.missing,
      'empty_query',
      "on_empty: 'skip' leaves such a search out.",
    )
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
function filterOnly(
  { location, collectionIds: outer }: StageCall,
  limit: number,
  filter: Filter | null,
  collectionIds: readonly string[] | null,
): Selection {
  if (filter === null) {
    throw invalid(
      [...location, 'searches'],
      'is empty, and there are no pre_filters to go by instead',
      'missing',
    )
  }
  const within = collectionIds === outer ? null : inCollections(collectionIds ?? [])
  return { kind: 'unread', filter: both(filter, within), sort: [], offset: 0, limit }
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
