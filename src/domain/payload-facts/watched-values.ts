import type { Ports } from '../../ports/ports.ts'
import { readFactEpoch, readFacts } from '../../store/payload-facts.ts'
import { readIndexes } from '../../store/payload-indexes.ts'
import type { PathFacts } from './path-facts.ts'
import { firstSeenAt } from './first-seen.ts'
import type { GuardType } from './path-facts.ts'

/** A path whose values are told before they are written, and the type of index that they are held against. */
export interface WatchedPath {
  path: string
  type: GuardType
  /** Whether an index that made itself stands there. */
  isAuto: boolean
}

/**
 * What a writer knows: which paths are watched, which is true as long as nobody else has held the namespace alone, and
 * what is committed of their values, which is at least this.
 */
export interface WatchedValues {
  namespaceId: string
  paths: readonly WatchedPath[]
  /** By `knownKey`. Each census that is under way or ended has facts of its own; both are told. */
  known: Map<string, Known<readonly PathFacts[]>>
  /** Root keys that some document has, by `knownKey`. */
  rootKeys: Map<string, Known<true>>
}

interface Known<T> {
  facts: T
  /** `performance.now()` at which it was committed at the latest. */
  committedAt: number
}

export function knownKey(generation: number, name: string, type: GuardType = ''): string {
  return `${generation} ${type} ${name}`
}

/** From the database: the paths with a payload index, those that are guarded, and what is known of each. */
export async function loadWatchedValues(
  { db }: Pick<Ports, 'db'>,
  namespaceId: string,
): Promise<WatchedValues> {
  const epoch = await readFactEpoch(db, namespaceId)
  const [indexes, { paths, rootKeys }] = await Promise.all([
    readIndexes(db, namespaceId),
    readFacts(db, namespaceId),
  ])
  const committedAt = firstSeenAt(db, namespaceId, epoch)
  const watched = new Map<string, WatchedPath>()
  for (const { path, type } of paths) watched.set(`${type} ${path}`, { path, type, isAuto: false })
  for (const { path, schema, origin, state } of indexes) {
    if (state === 'virtual') continue
    const { type } = schema
    watched.set(`${type} ${path}`, { path, type, isAuto: origin === 'auto' })
  }
  const byKey = Map.groupBy(paths, ({ generation, path, type }) => knownKey(generation, path, type))
  const present = rootKeys.filter(({ isPresent }) => isPresent)
  return {
    namespaceId,
    paths: [...watched.values()],
    known: new Map([...byKey].map(([key, facts]) => [key, { facts, committedAt }])),
    rootKeys: new Map(
      present.map(({ generation, key }) => [
        knownKey(generation, key),
        { facts: true, committedAt },
      ]),
    ),
  }
}

/**
 * For writers of a generation that is not live, who hold no lease of their own: as old as the cache is. That is enough
 * there: what is known of such a generation is older than their work, and nothing new is learned of it until it is live.
 */
export async function watchedValuesOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespaceId: string,
): Promise<WatchedValues> {
  return await ports.cache.get('payload_facts', `watched ${namespaceId}`, () =>
    loadWatchedValues(ports, namespaceId),
  )
}
