import type { EngineFilter, PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { asEngineFilter, bothOf, eitherOf, isExact, noneOf, type Bounds } from './bounds.ts'
import { compileLeaf } from './compile-leaf.ts'
import { joinRanges } from './join-ranges.ts'
import type { Filter } from './filter.ts'

export interface CompiledFilter {
  /** Everything that meets the filter, and perhaps more; undefined: every point. */
  engine: EngineFilter | undefined
  /** What is left to be tested on each of the engine's answers; null: the engine's answer is exact. */
  residual: Filter | null
  /** What would have to be known of the stored values to say it better. */
  unknown: readonly Fact[]
}

/** Something true or false of all documents of a namespace, that decides what the engine can answer. */
export type Fact =
  /** No document has this key at its root. */
  | { kind: 'no_root_key'; key: string }
  /** An index of this type on the path holds every value there: nothing is lost by asking it. */
  | { kind: 'covered'; path: string; type: PayloadFieldSchema['type'] }
  /** No document has a list at the path. Worth knowing, not worth waiting for. */
  | { kind: 'single'; path: string }
  /** No fact, but values to be read for this one filter: those of the documents that the index does not hold. */
  | { kind: 'exceptions'; path: string; type: PayloadFieldSchema['type'] }

/** The documents that have, or had, a value that an index of the type on the path does not hold. */
export interface Exceptions {
  ids: readonly string[]
  /** Of those that are there: what stands at the path now. */
  values: ReadonlyMap<string, readonly unknown[]>
}

/** What the compiler must know of the namespace, and of the reader's scope. */
export interface FilterContext {
  namespaceId: string
  /** The collections that are read; null: all. They say which point a client's own document id names. */
  collectionIds: readonly string[] | null
  /** Physical path → the index that is there or may be. */
  indexes: ReadonlyMap<string, IndexedPath>
  /** Whether the engine splits unindexed text into words as we do: Edge does, servers look for substrings. */
  engineFindsWords: boolean
  /** Null where it is not known, which is taken for the worse. */
  knows(fact: Fact): boolean | null
  /** `unread`: they have to be read before; null: nobody looked, or they are too many. */
  exceptions(path: string, type: PayloadFieldSchema['type']): Exceptions | 'unread' | null
}

export interface IndexedPath {
  schema: PayloadFieldSchema
  /** Whether it answers by now; a condition that only pays with the index waits for it. */
  isActive: boolean
  /** While it takes another's place: what may be there instead. */
  instead?: readonly PayloadFieldSchema[]
}

/**
 * The part of a filter that the engine answers with the one meaning of `evaluateFilter`, with and without payload
 * indexes (design 6, 7), and the rest. Sound below AND, OR and NOT: a condition that the engine can only bound
 * widens the answer, never narrows it. Throws `request_invalid` for an input that nobody gave.
 */
export function compileFilter(filter: Filter | null, context: FilterContext): CompiledFilter {
  if (filter === null) return { engine: undefined, residual: null, unknown: [] }
  const unknown: Fact[] = []
  const asking: FilterContext = {
    ...context,
    knows(fact) {
      const answer = context.knows(fact)
      if (answer === null) unknown.push(fact)
      return answer
    },
    exceptions(path, type) {
      const answer = context.exceptions(path, type)
      if (answer === 'unread') unknown.push({ kind: 'exceptions', path, type })
      return answer
    },
  }
  const bounds = boundsOf(filter, asking)
  const residual = isExact(bounds) ? null : residualOf(filter, asking)
  return { engine: asEngineFilter(bounds.upper), residual, unknown: eachOnce(unknown) }
}

/** Each condition asks for itself, and what is left over is gone through twice. */
function eachOnce(facts: readonly Fact[]): Fact[] {
  return [...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values()]
}

function boundsOf(filter: Filter, context: FilterContext): Bounds {
  switch (filter.kind) {
    case 'leaf':
      return compileLeaf(filter, context)
    case 'and':
      return bothOf(
        joinRanges(
          filter.filters.map((each) => boundsOf(each, context)),
          context,
        ),
      )
    case 'or':
      return eitherOf(filter.filters.map((each) => boundsOf(each, context)))
    case 'not':
      return noneOf(filter.filters.map((each) => boundsOf(each, context)))
  }
}

/** Of an AND, only the parts that the engine could not settle; anything else is tested whole. */
function residualOf(filter: Filter, context: FilterContext): Filter {
  if (filter.kind !== 'and') return filter
  const open = filter.filters.filter((each) => !isExact(boundsOf(each, context)))
  const parts = open.map((each) => residualOf(each, context))
  const [only] = parts
  return parts.length === 1 && only ? only : { kind: 'and', filters: parts }
}
