import pg from 'pg'
import type { Logger } from '../ports/logger.ts'

/** The nouns whose rows the hot path reads from memory. */
export const cachedNouns = [
  'api_keys',
  'namespaces',
  'collections',
  'retrievers',
  'buckets',
  'plugins',
  'payload_facts',
] as const
export type CachedNoun = (typeof cachedNouns)[number]

/**
 * Rows of the hot path, in memory. A writer calls `forget` after its commit; other processes hear of it by
 * NOTIFY (triggers of the migrations). While the listener is down, entries live 5 s at most.
 */
export interface RowCache extends AsyncDisposable {
  /** The cached value, or `load`'s, which is then kept; null results are kept as well. */
  get<T>(noun: CachedNoun, key: string, load: () => Promise<T>): Promise<T>
  /** Without awaiting where the value is there: undefined otherwise. */
  peek<T>(noun: CachedNoun, key: string): T | undefined
  /** Drops every entry of the noun in this process. */
  forget(noun: CachedNoun): void
  /** Whether other processes may read and change the same rows, and the documents they tell of. Once true it stays so. */
  isShared(): boolean
}

export interface RowCacheOptions {
  /** Entries of one noun; the oldest goes first. */
  entriesMax: number
  log: Logger
  now?: () => number
  /** Default: it is. */
  isShared?: () => boolean
}

/** How old an entry may get while nobody tells us of changes. */
const unheardMs = 5_000
const reconnectMs = { first: 100, max: 5_000 }
/** A connection that went silent is noticed within 5 s as well. */
const heartbeatMs = 2_000
const silenceMs = 3_000
const channel = 'nacre_changes'

/** Returns when it listens, or when the first try to listen failed; then it goes on trying. */
export async function openRowCache(url: string, options: RowCacheOptions): Promise<RowCache> {
  const cache = new ListeningRowCache(url, options)
  await cache.listen()
  return cache
}

interface Entry {
  value: unknown
  loadedAt: number
}
interface Load {
  /** The noun's epoch when the load began: a later one means that it may have read what is no longer true. */
  epoch: number
  result: Promise<unknown>
}
interface Shelf {
  epoch: number
  entries: Map<string, Entry>
  loads: Map<string, Load>
}

class ListeningRowCache implements RowCache {
  readonly #shelves: Record<CachedNoun, Shelf>
  readonly #url: string
  readonly #entriesMax: number
  readonly #log: Logger
  readonly #now: () => number
  readonly #isShared: () => boolean
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | null = null
  #retryMs = reconnectMs.first
  #isClosed = false

  constructor(url: string, { entriesMax, log, now, isShared }: RowCacheOptions) {
    this.#url = url
    this.#entriesMax = entriesMax
    this.#log = log
    this.#now = now ?? (() => performance.now())
    this.#isShared = isShared ?? (() => true)
    this.#shelves = {
      api_keys: emptyShelf(),
      namespaces: emptyShelf(),
      collections: emptyShelf(),
      retrievers: emptyShelf(),
      buckets: emptyShelf(),
      plugins: emptyShelf(),
      payload_facts: emptyShelf(),
    }
  }

  get<T>(noun: CachedNoun, key: string, load: () => Promise<T>): Promise<T> {
    const shelf = this.#shelves[noun]
    const entry = this.#fresh(shelf, key)
    // The key is the caller's: one key always holds one type.
    if (entry) return Promise.resolve(entry.value as T)
    const running = shelf.loads.get(key)
    if (running && running.epoch === shelf.epoch) return running.result as Promise<T>
    return this.#load(shelf, key, load)
  }

  peek<T>(noun: CachedNoun, key: string): T | undefined {
    return this.#fresh(this.#shelves[noun], key)?.value as T | undefined
  }

  forget(noun: CachedNoun): void {
    // What is known of stored values is kept together with a namespace's indexes.
    if (noun === 'namespaces') this.forget('payload_facts')
    const shelf = this.#shelves[noun]
    shelf.epoch += 1
    shelf.entries.clear()
    shelf.loads.clear()
  }

  isShared(): boolean {
    return this.#isShared()
  }

  async listen(): Promise<void> {
    if (this.#isClosed) return
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'nacre cache',
      keepAlive: true,
    })
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    client.on('notification', ({ payload }) => this.#heard(payload))
    try {
      await client.connect()
      await client.query(`LISTEN ${channel}`)
    } catch (error) {
      this.#log.warn(
        { error },
        'The cache cannot listen for changes; it keeps rows for 5 s until it can.',
      )
      void client.end().catch(() => {})
      this.#again()
      return
    }
    if (this.#isClosed) return await client.end()
    this.#started(client)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
    const client = this.#client
    this.#client = null
    await client?.end()
  }

  #fresh(shelf: Shelf, key: string): Entry | undefined {
    const entry = shelf.entries.get(key)
    if (!entry || this.#client) return entry
    return this.#now() - entry.loadedAt < unheardMs ? entry : undefined
  }

  #load<T>(shelf: Shelf, key: string, load: () => Promise<T>): Promise<T> {
    const { epoch } = shelf
    const loadedAt = this.#now()
    const result = load()
      .then((value) => {
        if (shelf.epoch === epoch) this.#keep(shelf, key, { value, loadedAt })
        return value
      })
      .finally(() => {
        if (shelf.loads.get(key)?.result === result) shelf.loads.delete(key)
      })
    shelf.loads.set(key, { epoch, result })
    return result
  }

  #keep(shelf: Shelf, key: string, entry: Entry): void {
    shelf.entries.delete(key)
    shelf.entries.set(key, entry)
    if (shelf.entries.size <= this.#entriesMax) return
    for (const oldest of shelf.entries.keys()) {
      shelf.entries.delete(oldest)
      return
    }
  }

  #heard(payload: string | undefined): void {
    const noun = cachedNouns.find((known) => known === payload)
    if (noun) this.forget(noun)
  }

  #started(client: pg.Client): void {
    this.#client = client
    this.#retryMs = reconnectMs.first
    // What changed while nobody listened is not known.
    for (const noun of cachedNouns) this.forget(noun)
    this.#schedule(heartbeatMs, () => this.#beat(client))
  }

  async #beat(client: pg.Client): Promise<void> {
    const silence = setTimeout(() => this.#lost(client), silenceMs)
    try {
      await client.query('SELECT 1')
      if (this.#client === client) this.#schedule(heartbeatMs, () => this.#beat(client))
    } catch {
      this.#lost(client)
    } finally {
      clearTimeout(silence)
    }
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client || this.#isClosed) return
    this.#client = null
    void client.end().catch(() => {})
    this.#log.warn(
      {},
      'The cache lost its connection; it keeps rows for 5 s until it listens again.',
    )
    this.#again()
  }

  #again(): void {
    this.#schedule(this.#retryMs, () => this.listen())
    this.#retryMs = Math.min(2 * this.#retryMs, reconnectMs.max)
  }

  #schedule(ms: number, work: () => Promise<void>): void {
    if (this.#isClosed) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void work(), ms).unref()
  }
}

function emptyShelf(): Shelf {
  return { epoch: 0, entries: new Map(), loads: new Map() }
}
