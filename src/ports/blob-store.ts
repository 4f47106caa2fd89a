/** Where originals live, named by the SHA-256 of their bytes. Held by `blob-store.contract.ts`. */
export interface BlobStore extends AsyncDisposable {
  readonly kind: string
  /** Stores the bytes whole or not at all; the same bytes twice are one blob. Throws `storage_unavailable`. */
  put(content: Uint8Array | AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<StoredBlob>
  /** Null where no such blob is. */
  read(hash: string, signal?: AbortSignal): Promise<Uint8Array | null>
  /** Streams in chunks; null where no such blob is. */
  open(hash: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | null>
  has(hash: string, signal?: AbortSignal): Promise<boolean>
  /** Idempotent. */
  delete(hash: string, signal?: AbortSignal): Promise<void>
  ping(signal?: AbortSignal): Promise<void>
}

export interface StoredBlob {
  /** SHA-256, lower-case hex. */
  hash: string
  sizeBytes: number
}
