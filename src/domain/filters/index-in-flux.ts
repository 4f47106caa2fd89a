import { isDeepStrictEqual } from 'node:util'
import { atMost, isExact, type Bounds } from './bounds.ts'
import type { FilterContext, IndexedPath } from './compile-filter.ts'

/**
 * The bounds of a condition where one index may be there or another: exact where they are the same for each of them, or
 * where those of one hold with the other as well. Else the engine is not asked for that moment.
 */
export function boundsInFlux(
  key: string,
  { indexes }: FilterContext,
  boundsWith: (index: IndexedPath | undefined) => Bounds,
): Bounds {
  const index = indexes.get(key)
  if (!index?.instead || index.instead.length === 0) return boundsWith(index)
  const types = new Set([index, ...index.instead.map((schema) => ({ schema }))].map(typeOf))
  const possible = index.instead.map((schema) => boundsWith({ schema, isActive: false }))
  const bounds = [boundsWith({ schema: index.schema, isActive: false }), ...possible]
  const [first] = bounds
  if (first && bounds.every((each) => isExact(each) && isDeepStrictEqual(each.upper, first.upper)))
    return first
  // A float index holds all that an integer index does, and answers it alike: widening stays fast.
  const isWidening = types.size === 2 && types.has('integer') && types.has('float')
  const place = isWidening ? indexesOf(index).findIndex(({ type }) => type === 'integer') : -1
  return bounds[place] ?? atMost(true)
}

function indexesOf({ schema, instead = [] }: IndexedPath) {
  return [schema, ...instead]
}

function typeOf({ schema }: Pick<IndexedPath, 'schema'>): string {
  return schema.type
}
