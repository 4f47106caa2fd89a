import type { EngineFilter, PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { all, asEngineFilter, type Formula } from '../filters/bounds.ts'
import type { Filter } from '../filters/filter.ts'
import { instantText } from '../filters/instant.ts'
import type { SortOption } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { DocumentRecord } from './document.ts'
import { comparePlaces, sortKeys, type Place, type SortKey } from './document-order.ts'
import { identityOf, planOf, type ReadPorts } from './read.ts'
import { readPoints } from './read-pages.ts'
import type { Scope } from './read-plan.ts'
import { servedIndex, unlessRefused, type ServedIndex } from './served-index.ts'

/**
 * The first `count` places in the order of one field, after `after`, read from an index that is known to hold every
 * value; null where the documents have to be read instead (design 7). The engine orders equal values as it likes and
 * leaves out documents without one, so there are three parts, each exact: what is left of the value that `after`
 * has, the values beyond it, and the documents without a value, which come last in either direction.
 */
export async function servedPlaces(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: {
    sort: readonly SortOption[]
    filter: Filter | null
    after: Place | null
    count: number
  },
  signal?: AbortSignal,
): Promise<Place[] | null> {
  const { sort, after } = request
  const [option] = sort
  if (!option || sort.length > 1) return null
  const options = { mayHaveLists: false }
  const index = await servedIndex(ports, namespace, option.field, ordersValues, options, signal)
  if (!index || (after && !isPlaceIn(index, after))) return null
  const plan = await planOf(ports, namespace, scope, request.filter, signal)
  if (plan.residual) return null
  const startedAt = ports.trace && performance.now()
  const read = new OrderedRead({ ports, namespace, scope, signal }, index, option, plan.engine)
  const places = await unlessRefused(() => read.places(after, request.count))
  if (!places || !(await index.stillHolds())) return null
  if (ports.trace) {
    const durationMs = performance.now() - (startedAt ?? 0)
    const { filter } = request
    const told = { scope, filter, plan, found: places.length, durationMs }
    ports.trace.told({ kind: 'order', path: index.key, ...told })
  }
  return places
}

function ordersValues(schema: PayloadFieldSchema): boolean {
  switch (schema.type) {
    case 'float':
    case 'datetime':
      return true
    case 'integer':
      return schema.range !== false
    case 'keyword':
    case 'bool':
    case 'geo':
    case 'text':
    case 'uuid':
      return false
  }
}

const numberRank = 1
const dateRank = 2

/** Whether a cursor stands at a value that the index can hold; others were made when the field held other kinds. */
function isPlaceIn({ schema }: ServedIndex, { keys: [key = null] }: Place): boolean {
  return key === null || (isExactKey(key) && key[0] === rankOf(schema))
}

function rankOf({ type }: PayloadFieldSchema): number {
  return type === 'datetime' ? dateRank : numberRank
}

/** Dates before 1684 and after 2255 are rounded by the order of the pass, and are not by the index. */
function isExactKey([rank, weight]: NonNullable<SortKey>): boolean {
  return typeof weight === 'number' && (rank !== dateRank || Math.abs(weight) < 2 ** 53)
}

interface ReadCall {
  ports: ReadPorts
  namespace: Namespace
  scope: Scope
  signal: AbortSignal | undefined
}

class OrderedRead {
  readonly #call: ReadCall
  readonly #index: ServedIndex
  readonly #sort: readonly SortOption[]
  readonly #direction: SortOption['direction']
  readonly #filter: EngineFilter | undefined

  constructor(
    call: ReadCall,
    index: ServedIndex,
    option: SortOption,
    filter: EngineFilter | undefined,
  ) {
    this.#call = call
    this.#index = index
    this.#sort = [option]
    this.#direction = option.direction
    this.#filter = filter
  }

  async places(after: Place | null, count: number): Promise<Place[] | null> {
    const key = after?.keys[0] ?? null
    if (after && key === null) return await this.#without(count, after.pointId)
    const ties = after && key ? await this.#equal(key, count, after.pointId) : []
    const beyond = await this.#beyond(key, count - ties.length)
    if (!beyond) return null
    const valued = [...ties, ...beyond]
    return valued.length >= count
      ? valued
      : [...valued, ...(await this.#without(count - valued.length))]
  }

  /** The values after `key`; null where the index answered what the documents contradict. */
  async #beyond(key: NonNullable<SortKey> | null, count: number): Promise<Place[] | null> {
    if (count <= 0) return []
    const bound = this.#direction === 'desc' ? 'lt' : 'gt'
    const places = await this.#read({
      ...(key && { only: this.#range({ [bound]: this.#bound(key) }) }),
      limit: count,
      isOrdered: true,
    })
    if (!isInOrder(places, this.#sort)) return null
    const last = places.at(-1)?.keys[0]
    places.sort(comparePlaces(this.#sort))
    if (places.length < count || !last) return places
    // Of the last value there may be more, and smaller ids among them.
    const better = places.filter(({ keys }) => keys[0]?.[1] !== last[1])
    return [...better, ...(await this.#equal(last, count - better.length))]
  }

  /** Documents with exactly this value, in the order of ids. */
  async #equal(key: NonNullable<SortKey>, count: number, afterId?: string): Promise<Place[]> {
    const bound = this.#bound(key)
    return await this.#byId(this.#range({ gte: bound, lte: bound }), count, afterId)
  }

  async #without(count: number, afterId?: string): Promise<Place[]> {
    return await this.#byId({ is_empty: { key: this.#index.key } }, count, afterId)
  }

  async #byId(only: Formula, count: number, afterId?: string): Promise<Place[]> {
    if (count <= 0) return []
    // A page begins at an id, that one included.
    const limit = afterId === undefined ? count : count + 1
    const places = await this.#read({ only, limit, ...(afterId && { offset: afterId }) })
    return places.filter(({ pointId }) => pointId !== afterId).slice(0, count)
  }

  async #read(request: {
    only?: Formula
    limit: number
    offset?: string
    isOrdered?: boolean
  }): Promise<Place[]> {
    const { ports, namespace, scope, signal } = this.#call
    const { only = true, limit, offset, isOrdered = false } = request
    const filter = asEngineFilter(all([this.#filter ?? true, only]))
    const records = await readPoints(
      ports,
      namespace,
      scope,
      {
        limit,
        select: this.#sort.map(({ field }) => field),
        ...(filter && { filter }),
        ...(offset !== undefined && { offset }),
        ...(isOrdered && { order_by: { key: this.#index.key, direction: this.#direction } }),
      },
      signal,
    )
    return records.map((record) => this.#place(record))
  }

  #place(record: DocumentRecord): Place {
    const identity = identityOf(record, this.#call.namespace)
    return {
      keys: sortKeys(record.payload ?? {}, this.#sort, identity),
      pointId: record.pointId,
    }
  }

  #range(range: { gt?: Bound; gte?: Bound; lt?: Bound; lte?: Bound }): Formula {
    return { key: this.#index.key, range }
  }

  #bound([rank, weight]: NonNullable<SortKey>): Bound {
    return rank === dateRank ? instantText(BigInt(weight)) : Number(weight)
  }
}

type Bound = number | string

/** A point that is being moved or rewritten while it is read can come twice, or with a value that it had before. */
function isInOrder(places: readonly Place[], sort: readonly SortOption[]): boolean {
  const compare = comparePlaces(sort)
  const ids = new Set(places.map(({ pointId }) => pointId))
  return (
    ids.size === places.length &&
    places.every(({ keys: [key = null] }) => key !== null && isExactKey(key)) &&
    places.every(({ keys }, i) => {
      const before = places[i - 1]
      return !before || compare({ keys: before.keys, pointId: '' }, { keys, pointId: '' }) <= 0
    })
  )
}
