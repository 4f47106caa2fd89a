import type { FieldCondition } from '../../ports/vector-engine.ts'
import {
  any,
  atMost,
  eitherOf,
  exactly,
  type Bounds,
  type Formula,
  type RangeCondition,
} from './bounds.ts'
import type { FilterContext, IndexedPath } from './compile-filter.ts'
import type { Leaf } from './filter.ts'
import { heldBy } from './held-by.ts'
import { instantOf, instantText } from './instant.ts'
import { leafTest, type LeafTest } from './leaf-test.ts'

type RangeOperator = 'gt' | 'gte' | 'lt' | 'lte'

/** A float index answers ranges only; beyond this many numbers a list is matched on the payload instead. */
const rangesMax = 100

/** `eq` and `in`: each kind of value in the words that every index, and no index, answer alike. */
export function boundsOfValues(
  key: string,
  leaf: Leaf,
  index: IndexedPath | undefined,
  context: FilterContext,
): Bounds {
  const values: unknown[] = Array.isArray(leaf.value) ? leaf.value : [leaf.value]
  const texts = values.filter((value) => typeof value === 'string')
  const numbers = values.filter((value) => typeof value === 'number')
  const flags = values.filter((value) => typeof value === 'boolean')
  return eitherOf([
    boundsOfTexts(key, texts, leaf.caseSensitive === false, index),
    boundsOfIntegers(key, numbers.filter(Number.isSafeInteger), index),
    ...numbers
      .filter((number) => !Number.isSafeInteger(number))
      .map((number) => {
        const holds = testOf('eq', number)
        return numberRange(key, { gte: number, lte: number }, holds, index, context)
      }),
    exactly(any(flags.map((value) => ({ key, match: { value } })))),
  ])
}

/** One bound of a range; numbers compare with numbers, dates with texts that are dates. */
export function boundsOfRange(
  key: string,
  operator: RangeOperator,
  value: unknown,
  index: IndexedPath | undefined,
  context: FilterContext,
): Bounds {
  const holds = testOf(operator, value)
  if (typeof value === 'number')
    return numberRange(key, { [operator]: value }, holds, index, context)
  const instant = typeof value === 'string' ? instantOf(value) : null
  if (instant === null) return exactly(false)
  // A number index would compare its numbers with the date's microseconds.
  const type = index?.schema.type
  if (type === 'integer' || type === 'float') return heldBy(key, type, false, holds, context)
  const range = { key, range: { [operator]: instantText(instant) } }
  if (type !== 'datetime' || !isFirstSecond(instant)) return exactly(range)
  return dateRange(range, operator, instant, holds, context)
}

const second = 1_000_000n
const minute = 60n * second

/** Whether the instant lies in the first second of its minute, which an index cannot tell from a leap second before it. */
function isFirstSecond(instant: bigint): boolean {
  return ((instant % minute) + minute) % minute < second
}

/** Where leap seconds may be stored that are not known, those are looked at that an index may take for what they are not. */
function dateRange(
  range: RangeCondition,
  operator: RangeOperator,
  instant: bigint,
  holds: LeafTest,
  context: FilterContext,
): Bounds {
  const { key } = range
  const bounds = heldBy(key, 'datetime', range, holds, context)
  if (bounds.upper !== true) return bounds
  if (operator === 'gt' || operator === 'gte') return atMost(range)
  return atMost({ key, range: { [operator]: instantText(instant + second) } })
}

function boundsOfTexts(
  key: string,
  texts: readonly string[],
  ignoresCase: boolean,
  index: IndexedPath | undefined,
): Bounds {
  if (texts.length === 0) return exactly(false)
  if (ignoresCase && texts.some(hasCase)) return atMost(true)
  const formula = matchAny(key, texts)
  // A uuid index holds numbers: it finds the same id in capitals, or without its dashes, too.
  return index?.schema.type === 'uuid' && texts.some(isUuid) ? atMost(formula) : exactly(formula)
}

function boundsOfIntegers(
  key: string,
  numbers: readonly number[],
  index: IndexedPath | undefined,
): Bounds {
  if (numbers.length === 0) return exactly(false)
  if (!index?.isActive || numbers.length > rangesMax || answersMatch(index)) {
    return exactly(matchAny(key, numbers))
  }
  return exactly(any(numbers.map((number) => ({ key, range: { gte: number, lte: number } }))))
}

/** False for the indexes that only know ranges of numbers: on them a match would read every payload. */
function answersMatch({ schema }: IndexedPath): boolean {
  return schema.type !== 'float' && !(schema.type === 'integer' && schema.lookup === false)
}

function numberRange(
  key: string,
  range: NonNullable<FieldCondition['range']>,
  holds: LeafTest,
  index: IndexedPath | undefined,
  context: FilterContext,
): Bounds {
  const type = index?.schema.type
  // A date index would compare its microseconds with the number.
  if (type === 'datetime') return heldBy(key, type, false, holds, context)
  if (type !== 'integer' || (index?.schema.type === 'integer' && index.schema.range === false)) {
    return exactly({ key, range })
  }
  // An integer index has lost every fraction: it is asked where there are none, or for the other documents.
  return heldBy(key, type, { key, range }, holds, context)
}

function testOf(operator: 'eq' | RangeOperator, value: unknown): LeafTest {
  return leafTest({ kind: 'leaf', field: '', operator, value, caseSensitive: null })
}

function matchAny(key: string, values: readonly (string | number)[]): Formula {
  const [only] = values
  // Asked for the value of a UUID, an index of numbers looks for the number that it would be.
  const isPlain = typeof only === 'number' || (only !== undefined && !isUuid(only))
  if (values.length === 1 && isPlain) return { key, match: { value: only } }
  return { key, match: { any: [...values] } }
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase()
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{32}$/i.test(text.replace(/^urn:uuid:/i, '').replace(/[-{}]/g, ''))
}
