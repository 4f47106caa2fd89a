import { pointIdIn, pointIdOf } from '../documents/document.ts'
import {
  all,
  any,
  atMost,
  bothOf,
  eitherOf,
  exactly,
  noneOf,
  type Bounds,
  type Formula,
} from './bounds.ts'
import type { FilterContext, IndexedPath } from './compile-filter.ts'
import { boundsOfPlaces } from './compile-geo.ts'
import { boundsOfRange, boundsOfValues } from './compile-match.ts'
import { boundsInFlux } from './index-in-flux.ts'
import { boundsOfWords } from './compile-words.ts'
import { enginePath, fieldPaths, rootKeyOf, storedPath } from './field-path.ts'
import type { Leaf } from './filter.ts'
import { leafTest, type LeafTest } from './leaf-test.ts'
import { wordsOf } from './words.ts'

/** What the engine can say of one condition. Throws `request_invalid` for an input that nobody gave. */
export function compileLeaf(leaf: Leaf, context: FilterContext): Bounds {
  // Also refuses what has no meaning here, so that a filter fails the same whoever answers it.
  const holds = leafTest(leaf)
  const positive = positiveOf(leaf)
  if (positive !== leaf) return noneOf([compileLeaf(positive, context)])

  const paths = placesOf(leaf.field, context)
  // The first place that a document has wins: a later one counts where all earlier ones are empty.
  return eitherOf(
    paths.map((path, i) => {
      const earlier = paths.slice(0, i).map((before) => exactly(absent(before)))
      return bothOf([...earlier, boundsAt(path, leaf, holds, context)])
    }),
  )
}

/** `ne`, `nin` and the negative flags are said as negations, so that a missing field means one thing. */
function positiveOf(leaf: Leaf): Leaf {
  if (leaf.operator === 'ne') return { ...leaf, operator: 'eq' }
  if (leaf.operator === 'nin') return { ...leaf, operator: 'in' }
  const isFlag = leaf.operator === 'exists' || leaf.operator === 'is_null'
  return isFlag && leaf.value === false ? { ...leaf, value: true } : leaf
}

/** The places of a field, without those that no document of the namespace has. */
function placesOf(field: string, context: FilterContext): string[] {
  const paths = fieldPaths(field)
  return paths.filter((path, i) => {
    if (i === paths.length - 1) return true
    return context.knows({ kind: 'no_root_key', key: rootKeyOf(path) }) !== true
  })
}

function boundsAt(path: string, leaf: Leaf, holds: LeafTest, context: FilterContext): Bounds {
  if (path === '_internal.namespace_id') return exactly(holds([context.namespaceId]))
  if (path === '_internal.document_id') return boundsOfId(leaf, context)
  const key = enginePath(storedPath(path))
  if (key === null) return atMost(true)
  return boundsInFlux(key, context, (index) => boundsWith(key, leaf, holds, index, context))
}

function boundsWith(
  key: string,
  leaf: Leaf,
  holds: LeafTest,
  index: IndexedPath | undefined,
  context: FilterContext,
): Bounds {
  switch (leaf.operator) {
    case 'eq':
    case 'in':
      return boundsOfValues(key, leaf, index, context)
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return boundsOfRange(key, leaf.operator, leaf.value, index, context)
    case 'exists':
      return exactly(present(key))
    case 'is_null':
      return exactly({ is_null: { key } })
    case 'text':
    case 'phrase':
      return textBounds(key, leaf, index, context)
    case 'geo_radius':
    case 'geo_bounding_box':
    case 'geo_polygon':
      return boundsOfPlaces(key, leaf, holds, index, context)
    case 'contains':
    case 'starts_with':
    case 'ends_with':
    case 'regex':
    case 'ne':
    case 'nin':
      return atMost(index?.isActive ? present(key) : true)
  }
}

function textBounds(
  key: string,
  leaf: Leaf,
  index: IndexedPath | undefined,
  context: FilterContext,
): Bounds {
  const words = typeof leaf.value === 'string' ? wordsOf(leaf.value) : []
  const bounds = boundsOfWords(key, words, index, context.engineFindsWords)
  return leaf.operator === 'text' || words.length < 2 ? bounds : atMost(bounds.upper)
}

/** A document's id is its point's: no field is read for it (design 7). */
function boundsOfId(leaf: Leaf, context: FilterContext): Bounds {
  if (leaf.operator === 'exists') return exactly(true)
  if (leaf.operator === 'is_null') return exactly(false)
  if (leaf.operator !== 'eq' && leaf.operator !== 'in') return atMost(true)
  const wanted: unknown[] = Array.isArray(leaf.value) ? leaf.value : [leaf.value]
  const ids = wanted.filter((id) => typeof id === 'string')
  const points = ids.flatMap((id) => pointIdOf(id) ?? pointsOfWords(id, context))
  const words = context.collectionIds ? [] : ids.filter((id) => pointIdOf(id) === null)
  const byWords = words.map((value): Formula => ({
    key: '_internal.document_id',
    match: { value },
  }))
  const found = any([points.length > 0 && { has_id: points }, ...byWords])
  // An id in capitals names the same point, and is no document's.
  const areAsShown = ids.every((id) => pointIdOf(id) === null || id === id.toLowerCase())
  return areAsShown ? exactly(found) : atMost(found)
}

function pointsOfWords(id: string, { collectionIds }: FilterContext): string[] {
  return (collectionIds ?? []).map((collectionId) => pointIdIn(collectionId, id))
}

/** Null is a value, an empty list holds none: so says the engine, which cannot tell it from a missing field. */
function present(key: string): Formula {
  return any([{ must_not: [{ is_empty: { key } }] }, { is_null: { key } }])
}

function absent(path: string): Formula {
  const key = enginePath(storedPath(path))
  return key === null ? true : all([{ is_empty: { key } }, { must_not: [{ is_null: { key } }] }])
}
