import type { Ports } from '../../ports/ports.ts'
import type { Payload } from '../../ports/vector-engine.ts'
import { noteFound, type FoundFact, type StoredFacts } from '../../store/payload-facts.ts'
import { watchedRootKeys } from '../filters/field-path.ts'
import { recordGuardActions, tellGuardActions, type GuardAction } from './guard-actions.ts'
import type { PathFacts } from './path-facts.ts'
import { countKind, foundAt } from './path-tally.ts'
import { knownKey, type WatchedPath, type WatchedValues } from './watched-values.ts'

export type NotePorts = Pick<Ports, 'db' | 'cache' | 'config' | 'queue' | 'log' | 'metrics' | 'now'>

type FoundPath = Extract<FoundFact, { kind: 'path' }>

interface Document {
  id: string | number
  payload: Payload
}

/**
 * Tells the facts of a generation of documents that are about to be written into it: what is new is committed when this
 * returns. Answers when the last of what readers must know of these documents was committed (`performance.now()`; 0 for
 * nothing): the write is acknowledged when `untilReadersKnow` that. Costs no SQL where nothing is new.
 */
export async function noteWrites(
  ports: NotePorts,
  watched: WatchedValues,
  generation: number,
  documents: readonly Document[],
): Promise<number> {
  const noting = new Noting(watched, generation)
  for (const path of watched.paths) noting.lookAtPath(path, documents)
  for (const key of watchedRootKeys) noting.lookAtRootKey(key, documents)
  if (noting.found.length === 0) return noting.committedAt
  await commit(ports, watched, generation, noting.found)
  return performance.now()
}

/** Sorts out what of some documents is not committed yet. */
class Noting {
  readonly found: FoundFact[] = []
  committedAt = 0
  readonly #watched: WatchedValues
  readonly #generation: number

  constructor(watched: WatchedValues, generation: number) {
    this.#watched = watched
    this.#generation = generation
  }

  lookAtRootKey(key: string, documents: readonly Document[]): void {
    if (!documents.some(({ payload }) => Object.hasOwn(payload, key))) return
    const known = this.#watched.rootKeys.get(knownKey(this.#generation, key))
    if (known) this.#rely(known.committedAt)
    else this.found.push({ kind: 'root_key', key })
  }

  lookAtPath({ path, type }: WatchedPath, documents: readonly Document[]): void {
    const known = this.#watched.known.get(knownKey(this.#generation, path, type))
    const fresh: FoundPath = {
      kind: 'path',
      path,
      type,
      isFirst: true,
      kinds: {},
      hasLists: false,
      exceptions: [],
      isOverflown: false,
    }
    const exceptions: string[] = []
    for (const { id, payload } of documents) {
      const { kinds, hasLists, isException } = foundAt(payload, path, type)
      for (const [kind, value] of kinds) countKind(fresh.kinds, kind, value)
      fresh.hasLists ||= hasLists
      if (isException) exceptions.push(String(id))
    }
    if (Object.keys(fresh.kinds).length === 0) return
    if (isCommitted(known?.facts, fresh, exceptions)) {
      if (known && (fresh.hasLists || exceptions.length > 0)) this.#rely(known.committedAt)
    } else {
      this.found.push({ ...fresh, exceptions })
    }
  }

  #rely(committedAt: number): void {
    this.committedAt = Math.max(this.committedAt, committedAt)
  }
}

function isCommitted(
  known: readonly PathFacts[] | undefined,
  { kinds, hasLists }: FoundPath,
  exceptions: readonly string[],
): boolean {
  if (!known || known.length === 0) return false
  return known.every(
    (facts) =>
      (facts.hasLists || !hasLists) &&
      Object.keys(kinds).every((kind) => Object.hasOwn(facts.kinds, kind)) &&
      (facts.isOverflown || exceptions.every((id) => facts.exceptions.has(id))),
  )
}

async function commit(
  ports: NotePorts,
  watched: WatchedValues,
  generation: number,
  found: readonly FoundFact[],
): Promise<void> {
  const { db, cache, config } = ports
  const { namespaceId } = watched
  const actions: GuardAction[] = []
  const place = { namespaceId, generation, exceptionsMax: config.indexExceptionsMax }
  const noted = await noteFound(db, place, found, async (tx, after) => {
    actions.push(...actionsOf(watched, generation, after))
    await recordGuardActions(tx, ports, namespaceId, actions)
  })
  cache.forget('payload_facts')
  remember(watched, generation, noted)
  tellGuardActions(ports, namespaceId, actions)
}

/** What the guard did for readers: documents that are tested beside an index from now on, or too many of them. */
function actionsOf(
  { paths, known }: WatchedValues,
  generation: number,
  noted: StoredFacts,
): GuardAction[] {
  return noted.paths.flatMap((facts): GuardAction[] => {
    const { path, type } = facts
    const watchedPath = paths.find((each) => each.path === path && each.type === type)
    if (!watchedPath || type === '' || !facts.isKnown) return []
    const before = known
      .get(knownKey(generation, path, type))
      ?.facts.find(({ look }) => look === facts.look)
    const action = { path, type, isAuto: watchedPath.isAuto, exceptions: facts.exceptions.size }
    if (facts.isOverflown) return before?.isOverflown ? [] : [{ ...action, kind: 'overflow' }]
    const isMore = facts.exceptions.size > (before?.exceptions.size ?? 0)
    return isMore ? [{ ...action, kind: 'exception' }] : []
  })
}

function remember(watched: WatchedValues, generation: number, noted: StoredFacts): void {
  const committedAt = performance.now()
  for (const [key, facts] of Map.groupBy(noted.paths, ({ path, type }) =>
    knownKey(generation, path, type),
  )) {
    watched.known.set(key, { facts, committedAt })
  }
  for (const { key } of noted.rootKeys) {
    watched.rootKeys.set(knownKey(generation, key), { facts: true, committedAt })
  }
}
