import type { Ports } from '../../ports/ports.ts'
import { readFactEpoch, readFacts } from '../../store/payload-facts.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readIndexes, type IndexRow } from '../../store/payload-indexes.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { sameSchema } from '../payload-indexes/index-schema.ts'
import type { Fact, IndexedPath } from '../filters/compile-filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { firstSeenAt } from './first-seen.ts'
import type { GuardType, PathFacts, RootKeyFact } from './path-facts.ts'

export type FactPorts = Pick<Ports, 'db' | 'cache' | 'config'>

/**
 * What readers of one generation go by: its payload indexes and what is known of its values, as they stood at one epoch.
 * True as long as the epoch is; where other processes write, for `factsAgeMs` after it was last asked for.
 */
export interface CurrentFacts {
  epoch: string | null
  /** `performance.now()` before the epoch was last asked for. */
  confirmedAt: number
  /** Payload path → the index that is there or may be. */
  indexes: ReadonlyMap<string, IndexedPath>
  /** By `pathKey`: those of the last census that has ended. */
  paths: ReadonlyMap<string, PathFacts>
  /** By `pathKey`: writers tell of these, so that they can be looked at. */
  watched: ReadonlySet<string>
  rootKeys: ReadonlyMap<string, RootKeyFact>
}

export function pathKey(path: string, type: GuardType): string {
  return `${type} ${path}`
}

/** From memory, but for a look at the epoch now and then. Throws `database_unavailable`. */
export async function currentFacts(ports: FactPorts, namespace: Namespace): Promise<CurrentFacts> {
  const key = `facts ${namespace.id} ${namespace.generation}`
  const facts =
    ports.cache.peek<CurrentFacts>('payload_facts', key) ??
    (await ports.cache.get('payload_facts', key, () => loadFacts(ports, namespace)))
  if (!ports.cache.isShared()) return facts
  const age = performance.now() - facts.confirmedAt
  const { factsAgeMs } = ports.config
  if (age < factsAgeMs / 2) return facts
  const confirmed = confirm(ports, namespace.id, facts)
  if (age < factsAgeMs) {
    // Asked early, so that no read waits for it; one that does hears of the failure.
    confirmed.catch(() => {})
    return facts
  }
  return (await confirmed) ? facts : await currentFacts(ports, namespace)
}

/** Null where nobody looked yet. */
export function knownFact(facts: CurrentFacts, fact: Fact): boolean | null {
  if (fact.kind === 'no_root_key') {
    const known = facts.rootKeys.get(fact.key)
    return known?.isKnown ? !known.isPresent : null
  }
  if (fact.kind === 'exceptions') return null
  if (fact.kind === 'single') return isSingle(facts, fact.path)
  const known = facts.paths.get(pathKey(fact.path, fact.type))
  return known ? known.exceptions.size === 0 && !known.isOverflown : null
}

function isSingle({ paths, indexes }: CurrentFacts, path: string): boolean | null {
  const type = indexes.get(path)?.schema.type
  const known = type && paths.get(pathKey(path, type))
  return known ? !known.hasLists : null
}

const confirming = new WeakMap<CurrentFacts, Promise<boolean>>()

/** Whether the epoch is still the same; else the facts are forgotten. One question at a time. */
function confirm(ports: FactPorts, namespaceId: string, facts: CurrentFacts): Promise<boolean> {
  const running = confirming.get(facts)
  if (running) return running
  const asked = ask(ports, namespaceId, facts).finally(() => confirming.delete(facts))
  confirming.set(facts, asked)
  return asked
}

async function ask(ports: FactPorts, namespaceId: string, facts: CurrentFacts): Promise<boolean> {
  const askedAt = performance.now()
  const epoch = await readFactEpoch(ports.db, namespaceId)
  if (epoch === facts.epoch) facts.confirmedAt = askedAt
  else ports.cache.forget('payload_facts')
  return epoch === facts.epoch
}

async function loadFacts({ db }: FactPorts, namespace: Namespace): Promise<CurrentFacts> {
  const confirmedAt = performance.now()
  // First the epoch: what is read after it may be newer, and is then found to be.
  const epoch = await readFactEpoch(db, namespace.id)
  const [live, rows, stored] = await Promise.all([
    readNamespaceById(db, namespace.id),
    readIndexes(db, namespace.id),
    readFacts(db, namespace.id),
  ])
  firstSeenAt(db, namespace.id, epoch)
  // A generation that is not live has the indexes that its caller says.
  const isLive = live?.generation === namespace.generation
  const indexes = indexedPaths(isLive ? rows : namespace.payloadIndexes)
  const isOfIt = ({ generation }: { generation: number }) => generation === namespace.generation
  const known = stored.paths.filter((each) => isOfIt(each) && each.isKnown)
  const watched = stored.paths.map(({ path, type }) => pathKey(path, type))
  if (isLive) for (const [path, { schema }] of indexes) watched.push(pathKey(path, schema.type))
  return {
    epoch,
    confirmedAt,
    indexes,
    paths: new Map(known.map((each) => [pathKey(each.path, each.type), each])),
    watched: new Set(watched),
    rootKeys: new Map(stored.rootKeys.filter(isOfIt).map((each) => [each.key, each])),
  }
}

/** The paths with an index, or with one that may be there. */
export function indexedPaths(
  indexes: readonly (PayloadIndex | IndexRow)[],
): ReadonlyMap<string, IndexedPath> {
  const built = indexes.filter(({ state }) => state !== 'virtual')
  return new Map(
    built.map((index) => {
      const { path, schema, state } = index
      const instead = 'before' in index ? insteadOf(index) : []
      const isInFlux = instead.length > 0
      return [path, { schema, isActive: state === 'active', ...(isInFlux && { instead }) }]
    }),
  )
}

/** Of each type one, the way in which it changes answers most. */
const anySchema: readonly PayloadFieldSchema[] = [
  { type: 'keyword' },
  { type: 'integer' },
  { type: 'float' },
  { type: 'datetime' },
  { type: 'uuid' },
  { type: 'text', tokenizer: 'whitespace', lowercase: false },
]

/**
 * What may be there while a change is under way: what was declared before it, or, where that is being taken back, what
 * was to come, of which nothing is known any more.
 */
function insteadOf({ schema, state, before }: IndexRow): readonly PayloadFieldSchema[] {
  if (state === 'active' || state === 'failed') return []
  if (before === null) return anySchema
  return before.kind === 'declared' && !sameSchema(before.schema, schema) ? [before.schema] : []
}
