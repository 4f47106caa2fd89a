import { invalid } from '../failure.ts'
import { isRecord } from '../parse-parameters.ts'
import type { Location } from './stage.ts'

type Given = Record<string, unknown>

const searchAliases: Readonly<Given> = {
  feature_address: 'feature_uri',
  uri: 'feature_uri',
  using: 'feature_uri',
  vector_name: 'feature_uri',
  input: 'query',
  limit: 'top_k',
  score_threshold: 'min_score',
  pre_filters: 'filters',
  collection_ids: 'collection_identifiers',
}

/** Parameters that belong to a search, in shapes where the stage is the search. */
const searchKeys = [
  'feature_uri',
  'feature_address',
  'using',
  'vector_name',
  'query',
  'input',
  'top_k',
  'min_score',
  'score_threshold',
  'on_empty',
  'feature_extractor',
]

/**
 * The documented `searches` of what older pages and clients write (contract 18, 2.2): the stage itself as one
 * search, `feature_uris`, `input: {text}`, a query that is a bare string or vector. Templates stand where they stood.
 */
export function normaliseFeatureSearch(given: Given, location: Location): Given {
  const { feature_uris: uris, limit, ...rest } = withGroups(given)
  const isInline = searchKeys.some((key) => rest[key] !== undefined && rest[key] !== null)
  if (isInline || Array.isArray(uris)) {
    if (Array.isArray(rest['searches']) && rest['searches'].length > 0) {
      const key = isInline ? searchKeys.find((name) => rest[name] !== undefined) : 'feature_uris'
      throw invalid(
        [...location, key ?? 'searches'],
        'stands beside searches; put it into them',
        'ambiguous',
      )
    }
    return fromInline(rest, uris, limit, location)
  }
  const searches = rest['searches']
  return {
    ...rest,
    ...(limit !== undefined && { final_top_k: rest['final_top_k'] ?? limit }),
    ...(Array.isArray(searches) && {
      searches: searches.map((one: unknown, i) =>
        normaliseSearch(one, [...location, 'searches', i]),
      ),
    }),
  }
}

/** `group_by: 'field'`, and `group_size` for how many of each. */
function withGroups(given: Given): Given {
  const { group_by: groups, group_size: size, ...rest } = given
  if (groups === undefined || groups === null) return given
  const named = typeof groups === 'string' ? { field: groups } : groups
  if (!isRecord(named)) return given
  const { group_size: own = size, ...others } = named
  const most = own === undefined || own === null ? {} : { max_per_group: own }
  return { ...rest, group_by: { ...most, ...others } }
}

function fromInline(given: Given, uris: unknown, limit: unknown, location: Location): Given {
  const stage = Object.entries(given).filter(
    ([key]) => !searchKeys.includes(key) && key !== 'searches',
  )
  const shared = Object.fromEntries(
    Object.entries(given).filter(([key]) => searchKeys.includes(key)),
  )
  const each = Array.isArray(uris)
    ? uris.map((uri: unknown) => (isRecord(uri) ? uri : { uri }))
    : [{}]
  const top = limit === undefined ? {} : { top_k: limit }
  return {
    ...Object.fromEntries(stage),
    ...(limit !== undefined && { final_top_k: given['final_top_k'] ?? limit }),
    searches: each.map((own, i) =>
      normaliseSearch({ ...top, ...shared, ...own }, [...location, 'searches', i]),
    ),
  }
}

function normaliseSearch(given: unknown, location: Location): unknown {
  if (!isRecord(given)) return given
  const search: Given = {}
  for (const [key, value] of Object.entries(given)) {
    const name = Object.hasOwn(searchAliases, key) ? String(searchAliases[key]) : key
    if (value !== null && value !== undefined) search[name] = value
  }
  const { feature_extractor: extractor, ...rest } = search
  const uri =
    extractor === undefined
      ? {}
      : { feature_uri: rest['feature_uri'] ?? addressOf(extractor, location) }
  const { query } = rest
  return { ...rest, ...uri, ...(query !== undefined && { query: normaliseQuery(query) }) }
}

/** The one-class client names an extractor by the kind of its input: `{type: 'text'}` (contract 2.2). */
function addressOf(extractor: unknown, location: Location): string {
  const type = isRecord(extractor)
    ? (extractor['type'] ?? extractor['feature_extractor_name'])
    : extractor
  if (typeof type === 'string') return type === 'text' ? 'text_extractor@v1' : type
  throw invalid(
    [...location, 'feature_extractor'],
    "must be {type: 'text'} or the name of an extractor",
    'wrong_type',
  )
}

function normaliseQuery(query: unknown): unknown {
  if (typeof query === 'string') return { input_mode: 'text', value: query }
  if (Array.isArray(query)) return { input_mode: 'vector', value: query }
  if (!isRecord(query)) return query
  const { input_mode: mode = modeOf(query), text, content, vector, url, base64, ...rest } = query
  const value = rest['value'] ?? text ?? vector ?? contentOf(content) ?? url ?? base64
  if (mode !== 'document')
    return { ...rest, input_mode: mode, ...(value !== undefined && { value }) }
  const { value: reference = value, ...others } = rest
  return { ...others, input_mode: 'document', document_ref: rest['document_ref'] ?? reference }
}

function modeOf(query: Given): string {
  if (query['document_ref'] !== undefined) return 'document'
  if (query['vector'] !== undefined || Array.isArray(query['value'])) return 'vector'
  const isContent = ['content', 'url', 'base64'].some((key) => query[key] !== undefined)
  return isContent ? 'content' : 'text'
}

function contentOf(content: unknown): unknown {
  return isRecord(content) ? (content['url'] ?? content['base64'] ?? content['value']) : content
}
