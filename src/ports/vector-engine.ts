/**
 * Where documents live as points. Reads and filters speak Qdrant's REST words; writes are a closed
 * union that each adapter translates. What holds beyond these types is said, and checked, in
 * `vector-engine.contract.ts`.
 *
 * Every method throws `Failure('engine_unavailable')` where the engine cannot answer,
 * `Failure('engine_busy')` where its queue is full, and `EngineRejection` where it refuses the request.
 * An aborted signal ends the wait with its reason; the call itself goes on.
 *
 * For both engines:
 * - Collections and aliases are named by 1-255 of `[A-Za-z0-9_-]`; every method but `dropCollection`
 *   takes an alias for a collection. An absent collection is an EngineRejection.
 * - Payload paths are keys joined by dots, `[]` and `[0]` after one that holds a list. Any character may
 *   stand in a key but `"` and `\`; a key with a dot or with brackets is written in double quotes.
 * - Writes that are not awaited one by one are applied in any order.
 *
 * Where they differ, which no caller may lean on:
 * - `text` on a field without a text index: Edge compares whole words without case, servers up to 1.19
 *   look for a substring with case. The domain evaluates such text itself.
 * - A refused write leaves nothing on Edge; on a server, points before the wrong one may be written, and
 *   an upsert of many points is several calls.
 * - Edge answers at most 1,000,000 points a call (`limit` and `offset` together).
 * - A Qdrant server flushes by its own clock: there `flush` only checks that the collection exists.
 */
export interface VectorEngine extends AsyncDisposable {
  /** `qdrant-edge` or `qdrant-server`, as health and doctor print it. */
  readonly kind: string

  /** Idempotent for an equal definition. A collection always has named vectors, possibly none. */
  createCollection(name: string, spec: CollectionSpec, signal?: AbortSignal): Promise<void>
  /** Idempotent; drops the aliases that point to it as well. The name of an alias drops nothing. */
  dropCollection(name: string, signal?: AbortSignal): Promise<void>
  /** Null where neither a collection nor an alias has this name. */
  describeCollection(name: string, signal?: AbortSignal): Promise<CollectionDescription | null>
  listCollections(signal?: AbortSignal): Promise<string[]>

  /** Points `alias` to `collection` in one crash-atomic step, wherever it pointed before. */
  setAlias(alias: string, collection: string, signal?: AbortSignal): Promise<void>
  dropAlias(alias: string, signal?: AbortSignal): Promise<void>
  /** alias → physical collection. */
  listAliases(signal?: AbortSignal): Promise<Record<string, string>>

  /** Idempotent for an equal definition; another definition under the name is an EngineRejection. */
  createVector(
    collection: string,
    name: string,
    spec: VectorSpec,
    signal?: AbortSignal,
  ): Promise<void>
  /** Idempotent; nothing acknowledged is lost (flushes first). */
  dropVector(collection: string, name: string, signal?: AbortSignal): Promise<void>
  /**
   * Returns when the index answers queries. An index of another type on the field is replaced. An index
   * can change answers (design 1): an integer index hides 5.5 from ranges, a keyword index hides numbers
   * and booleans from `except`, a uuid index compares without case, a text index its own tokens.
   */
  createPayloadIndex(
    collection: string,
    field: string,
    schema: PayloadFieldSchema,
    signal?: AbortSignal,
  ): Promise<void>
  dropPayloadIndex(collection: string, field: string, signal?: AbortSignal): Promise<void>
  /** Takes effect with the next `optimize`. */
  setHnsw(collection: string, hnsw: HnswConfig, signal?: AbortSignal): Promise<void>

  /** Applied and SIGKILL-safe when it returns; power-safe after `flush`. */
  write(collection: string, write: Write, signal?: AbortSignal): Promise<void>
  flush(collection: string, signal?: AbortSignal): Promise<void>
  /** Builds what is due (HNSW, merges); true where there was work. A server does it by itself: false. */
  optimize(collection: string, signal?: AbortSignal): Promise<boolean>
  /**
   * Where the collection cannot be opened, or not be read through, puts one of `spec` in its place that holds every point
   * that still can be, and no payload index; else leaves it as it is. Minutes for millions of points; whoever asks for
   * the collection meanwhile is told that it is unavailable. Killed, the next call goes on. A Qdrant server looks after
   * its own files: there nothing is ever broken.
   */
  repairCollection(
    collection: string,
    spec: CollectionSpec,
    signal?: AbortSignal,
  ): Promise<RepairReport>

  query(collection: string, request: QueryRequest, signal?: AbortSignal): Promise<ScoredPoint[]>
  queryGroups(
    collection: string,
    request: GroupsRequest,
    signal?: AbortSignal,
  ): Promise<PointGroup[]>
  scroll(collection: string, request: ScrollRequest, signal?: AbortSignal): Promise<ScrollPage>
  /** Absent ids are left out; order is that of `ids`. */
  retrieve(
    collection: string,
    request: RetrieveRequest,
    signal?: AbortSignal,
  ): Promise<EnginePoint[]>
  /** Exact unless told otherwise. */
  count(collection: string, request: CountRequest, signal?: AbortSignal): Promise<number>
  /** Needs a lookup index on the key: keyword, integer, uuid or bool. */
  facet(collection: string, request: FacetRequest, signal?: AbortSignal): Promise<FacetHit[]>
  /** Cheap: does the engine answer at all. */
  ping(signal?: AbortSignal): Promise<void>
}

/** The engine understood the call and refuses it (its own 4xx); `reason` is the engine's sentence. */
export class EngineRejection extends Error {
  override readonly name = 'EngineRejection'
  readonly reason: string
  constructor(reason: string, options?: ErrorOptions) {
    super(`The vector engine refused: ${reason}`, options)
    this.reason = reason
  }
}

/** UUID or unsigned integer; ours are always UUIDs. */
export type PointId = string | number
export type Distance = 'Cosine' | 'Dot' | 'Euclid' | 'Manhattan'
export type Payload = Record<string, unknown>

export interface DenseSpec {
  size: number
  distance: Distance
  on_disk?: boolean
  datatype?: 'float32' | 'float16' | 'uint8'
  multivector_config?: { comparator: 'max_sim' }
}
export interface SparseSpec {
  modifier?: 'none' | 'idf'
}
export type VectorSpec = { dense: DenseSpec } | { sparse: SparseSpec }

export interface HnswConfig {
  m?: number
  ef_construct?: number
  full_scan_threshold?: number
  payload_m?: number
}

export interface CollectionSpec {
  vectors: Record<string, DenseSpec>
  sparse_vectors: Record<string, SparseSpec>
  hnsw_config?: HnswConfig
}

export interface RepairReport {
  /** False: nothing was changed. */
  wasBroken: boolean
  /** Those that it holds now. */
  points: number
  /** What could not be read, with the engine's reasons. */
  lost: string[]
}

export interface CollectionDescription extends CollectionSpec {
  /** The physical name, also where an alias was asked for. */
  name: string
  payload_schema: Record<string, PayloadFieldSchema>
}

export type PayloadFieldSchema =
  | { type: 'keyword'; is_tenant?: boolean }
  | { type: 'integer'; lookup?: boolean; range?: boolean }
  | { type: 'float' }
  | { type: 'bool' }
  | { type: 'geo' }
  | { type: 'datetime' }
  | { type: 'uuid'; is_tenant?: boolean }
  | {
      type: 'text'
      tokenizer?: 'word' | 'whitespace' | 'prefix' | 'multilingual'
      min_token_len?: number
      max_token_len?: number
      lowercase?: boolean
    }

export interface SparseVector {
  indices: number[]
  values: number[]
}
/** Dense as Float32Array, multi-dense as an array of them. */
export type VectorValue = Float32Array | Float32Array[] | SparseVector

export interface NewPoint {
  id: PointId
  payload: Payload
  vectors: Record<string, VectorValue>
}

/** Which points an operation touches: ids, or everything a filter matches. */
export type Selection = { points: PointId[] } | { filter: EngineFilter }

/** Empty lists are nothing to do. Absent ids: upsert makes them, delete ignores them, the others refuse. */
export type Write =
  | { kind: 'upsert'; points: NewPoint[] }
  | { kind: 'update_vectors'; points: { id: PointId; vectors: Record<string, VectorValue> }[] }
  | { kind: 'delete_vectors'; selection: Selection; names: string[] }
  | { kind: 'set_payload'; selection: Selection; payload: Payload; key?: string }
  | { kind: 'overwrite_payload'; selection: Selection; payload: Payload }
  | { kind: 'delete_payload'; selection: Selection; keys: string[] }
  | { kind: 'clear_payload'; selection: Selection }
  | { kind: 'delete'; selection: Selection }

/** Qdrant's REST filter. */
export interface EngineFilter {
  must?: EngineCondition[]
  should?: EngineCondition[]
  must_not?: EngineCondition[]
}
export type EngineCondition =
  | EngineFilter
  | { has_id: PointId[] }
  | { has_vector: string }
  | { is_empty: { key: string } }
  | { is_null: { key: string } }
  | { nested: { key: string; filter: EngineFilter } }
  | FieldCondition
export interface FieldCondition {
  key: string
  match?:
    | { value: string | number | boolean }
    | { any: (string | number)[] }
    | { except: (string | number)[] }
    | { text: string }
    | { phrase: string }
  range?: {
    gt?: number | string
    gte?: number | string
    lt?: number | string
    lte?: number | string
  }
  geo_radius?: { center: GeoPoint; radius: number }
  geo_bounding_box?: { top_left: GeoPoint; bottom_right: GeoPoint }
  geo_polygon?: { exterior: { points: GeoPoint[] }; interiors?: { points: GeoPoint[] }[] }
  values_count?: { gt?: number; gte?: number; lt?: number; lte?: number }
}
export interface GeoPoint {
  lon: number
  lat: number
}

/** True: everything, the default; a list: these root keys or dotted paths only. */
export type PayloadSelector = boolean | string[]
/** True: every vector; a list: these names only. Default: false. */
export type VectorSelector = boolean | string[]

export interface SearchParams {
  exact?: boolean
  hnsw_ef?: number
  indexed_only?: boolean
  /** Looks two steps wide in the graph where at most this share of the points meets the filter. */
  acorn?: { enable: boolean; max_selectivity?: number }
}

/**
 * A query without `prefetch` runs on the collection; with it, on the prefetches' results. Nearest to a
 * point id leaves that point out. `order_by` needs a range index on the key, and its scores mean nothing.
 * `limit` of a prefetch is 10 where it is absent.
 */
export interface QueryStep {
  prefetch?: QueryStep[]
  query?: QueryExpression
  using?: string
  filter?: EngineFilter
  params?: SearchParams
  score_threshold?: number
  limit?: number
}
export type QueryExpression =
  | { nearest: Float32Array | SparseVector | Float32Array[] | PointId }
  | { fusion: 'rrf' | 'dbsf' }
  | { order_by: { key: string; direction?: 'asc' | 'desc'; start_from?: number | string } }
  | { sample: 'random' }

export interface QueryRequest extends QueryStep {
  limit: number
  offset?: number
  with_payload?: PayloadSelector
  with_vector?: VectorSelector
}
export interface GroupsRequest extends QueryStep {
  group_by: string
  group_size: number
  /** Number of groups. */
  limit: number
  with_payload?: PayloadSelector
  with_vector?: VectorSelector
}
export interface ScrollRequest {
  filter?: EngineFilter
  /** First id of this page, as `next_page_offset` gave it. Not together with `order_by`. */
  offset?: PointId
  limit: number
  with_payload?: PayloadSelector
  with_vector?: VectorSelector
  order_by?: { key: string; direction?: 'asc' | 'desc'; start_from?: number | string }
}
export interface RetrieveRequest {
  ids: PointId[]
  with_payload?: PayloadSelector
  with_vector?: VectorSelector
}
export interface CountRequest {
  filter?: EngineFilter
  exact?: boolean
}
export interface FacetRequest {
  key: string
  filter?: EngineFilter
  limit: number
  exact?: boolean
}

export interface EnginePoint {
  id: PointId
  payload: Payload | null
  /** Named vectors as plain JSON; null where they were not asked for. */
  vector: Record<string, number[] | number[][] | SparseVector> | null
}
export interface ScoredPoint extends EnginePoint {
  score: number
}
export interface PointGroup {
  id: string | number
  hits: ScoredPoint[]
}
export interface ScrollPage {
  points: EnginePoint[]
  next_page_offset: PointId | null
}
export interface FacetHit {
  value: string | number | boolean
  count: number
}
