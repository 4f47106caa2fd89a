/**
 * The native addon over Qdrant Edge, as TypeScript sees it. Written by hand and held by
 * `edge/types.test.ts`. All JSON crosses as UTF-8 bytes and is parsed off the main thread; words are
 * Qdrant's REST words for reads, schema and filters, and the WAL's enum for `update`.
 *
 * A rejected promise (or a throw) carries `code`: `closed`, `invalid_argument` or `operation`.
 * `busy` is one more: the pool's queue is full.
 */
export interface EdgeError extends Error {
  code: 'closed' | 'invalid_argument' | 'operation' | 'busy'
}

/** Process-wide bounds, set once before the first shard opens; later calls are refused. */
export function configure(options: {
  /** Calls that may run in the blocking pool at once. */
  concurrencyMax: number
  /** Calls that may wait; `busy` beyond. */
  queueMax: number
  /** Search threads of one shard. */
  searchThreads: number
}): void

/** `{ edge: "0.9.0", addon: "…" }` */
export function versions(): { edge: string; addon: string }

/** Dense vectors of an upsert: row `rows[i]` of the points gets `values[i*size .. (i+1)*size]`. */
export interface DenseBlock {
  name: string
  size: number
  rows: Uint32Array
  values: Float32Array
}

export class Shard {
  /** Opens the shard in the folder, replaying its WAL. `operation` where it cannot be opened. */
  static open(path: string): Promise<Shard>
  /** Makes the folder's shard. `config`: JSON `{vectors:{name:{size,distance,…}}, sparse_vectors:{…}, hnsw_config?, optimizers?}`. */
  static create(path: string, config: Uint8Array): Promise<Shard>
  /** Flushes, waits for calls under way, then frees files and threads. Idempotent. */
  close(): Promise<void>

  /** `points`: JSON `[{id, payload, vectors?: {name: {indices, values} | number[][]}}]`; dense ones in blocks. */
  upsert(points: Uint8Array, dense: DenseBlock[]): Promise<void>
  /** Like upsert for existing points, vectors only. `points`: JSON `[{id, vectors?}]`. */
  updateVectors(points: Uint8Array, dense: DenseBlock[]): Promise<void>
  /** Every other point or payload operation, as JSON of the WAL's UpdateOperation enum (`{"set_payload": …}`). */
  update(operation: Uint8Array): Promise<void>

  createPayloadIndex(field: string, schema: Uint8Array): Promise<void>
  dropPayloadIndex(field: string): Promise<void>
  /** Waits for a running optimize; a pending call stops new optimizes. `config`: JSON `{"dense":{…}}` or `{"sparse":{…}}`. */
  createVectorName(name: string, config: Uint8Array): Promise<void>
  /** Flushes first, always (acknowledged points that name it would be lost), then as above. */
  dropVectorName(name: string): Promise<void>
  /** JSON HnswConfig; takes effect with the next optimize. */
  setHnsw(config: Uint8Array): Promise<void>

  /**
   * JSON of a REST query request (`query`, `prefetch`, `using`, `filter`, `params`, `score_threshold`, `limit`, `offset`,
   * `with_payload`, `with_vector`). A dense vector stands in it as `{"$vector": i}`, an index into `vectors`.
   * Answers JSON `[{id, score, payload?, vector?}]`.
   */
  query(request: Uint8Array, vectors: Float32Array[]): Promise<Buffer>
  /** As `query`, with `group_by`, `group_size`; answers JSON `[{id, hits: [...]}]`. */
  queryGroups(request: Uint8Array, vectors: Float32Array[]): Promise<Buffer>
  /** JSON `{filter?, offset?, limit, with_payload?, with_vector?, order_by?}` → JSON `{points, next_page_offset}`. */
  scroll(request: Uint8Array): Promise<Buffer>
  /** JSON `{ids, with_payload?, with_vector?}` → JSON `[{id, payload?, vector?}]`. */
  retrieve(request: Uint8Array): Promise<Buffer>
  /** JSON `{filter?, exact?}`; an exact count of everything is cached by write epoch. */
  count(request: Uint8Array): Promise<number>
  /** JSON `{key, filter?, limit, exact?}` → JSON `[{value, count}]`. */
  facet(request: Uint8Array): Promise<Buffer>
  /** JSON `{vectors, sparse_vectors, hnsw_config, payload_schema, segments, indexed_vectors, needs_optimize}`; never for counts. */
  info(): Promise<Buffer>

  flush(): Promise<void>
  /** One optimize at a time with a budget of one thread; true where there was work. No cancel; a kill loses nothing. */
  optimize(): Promise<boolean>
  /** A consistent copy of the open shard in another, absent folder: writes and optimize held, flushed, copied. */
  copyTo(path: string): Promise<void>
}
