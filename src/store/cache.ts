/** The nouns whose rows the hot path reads from memory. */
export type CachedNoun = 'api_keys' | 'namespaces' | 'collections' | 'retrievers' | 'buckets'

/**
 * Rows of the hot path, in memory. A writer calls `forget` after its commit; other processes hear of it by
 * NOTIFY (triggers of migration 0001). While the listener is down, entries live 5 s at most.
 */
export interface RowCache extends AsyncDisposable {
  /** The cached value, or `load`'s, which is then kept; null results are kept as well. */
  get<T>(noun: CachedNoun, key: string, load: () => Promise<T>): Promise<T>
  /** Without awaiting where the value is there: undefined otherwise. */
  peek<T>(noun: CachedNoun, key: string): T | undefined
  /** Drops every entry of the noun in this process. */
  forget(noun: CachedNoun): void
}
