import { fail, invalid } from '../failure.ts'
import { isDynamic } from './dynamic-value.ts'
import { elementsOf, hasNull, hasValue } from './field-values.ts'
import type { Leaf, Operator } from './filter.ts'
import { foldedCase } from './folded-case.ts'
import { geoTest } from './geo.ts'
import { instantOf, momentOf, type Moment } from './instant.ts'
import { compileRegex, type Regex } from './regex.ts'
import { wordsOf } from './words.ts'

/** Whether a condition holds for the values of its field in one document; lists hold where one element does. */
export type LeafTest = (values: readonly unknown[]) => boolean

/**
 * The meaning of each operator (contract 5.2, 5.3). `ne` and `nin` are the negations of `eq` and `in`, so they
 * hold where the field is missing. Throws `request_invalid` for an unresolved input; the test of a `regex` throws
 * `bad_request` for a text on which it may take more steps than are allowed.
 */
export function leafTest(leaf: Leaf): LeafTest {
  refuseUnresolved(leaf)
  return tests[leaf.operator](leaf)
}

/** Throws `request_invalid` where a value waits for inputs that nobody gave: outside of retrievers. */
export function refuseUnresolved(leaf: Leaf): void {
  if (typeof leaf.value === 'string' || !isDynamic(leaf.value)) return
  throw invalid(
    ['body', 'filters', leaf.field],
    'takes its value from inputs, and there are none here',
    'missing_input',
  )
}

const tests: Readonly<Record<Operator, (leaf: Leaf) => LeafTest>> = {
  eq: equals,
  ne: (leaf) => negated(equals(leaf)),
  in: isOneOf,
  nin: (leaf) => negated(isOneOf(leaf)),
  gt: (leaf) => range(leaf.value, (order) => order > 0),
  gte: (leaf) => range(leaf.value, (order) => order >= 0),
  lt: (leaf) => range(leaf.value, (order) => order < 0),
  lte: (leaf) => range(leaf.value, (order) => order <= 0),
  contains,
  starts_with: (leaf) => onText(leaf, (text, given) => text.startsWith(given)),
  ends_with: (leaf) => onText(leaf, (text, given) => text.endsWith(given)),
  regex: matchesRegex,
  exists:
    ({ value }) =>
    (values) =>
      hasValue(values) === value,
  is_null:
    ({ value }) =>
    (values) =>
      hasNull(values) === value,
  text: hasWords,
  phrase: hasPhrase,
  geo_radius: someGeo,
  geo_bounding_box: someGeo,
  geo_polygon: someGeo,
}

function negated(test: LeafTest): LeafTest {
  return (values) => !test(values)
}

/** Exact in case and kind, unless this leaf says `case_sensitive: false` itself (design 6). */
function equals(leaf: Leaf): LeafTest {
  const same = sameAs(leaf.value, leaf.caseSensitive === false)
  return (values) => elementsOf(values).some(same)
}

function isOneOf(leaf: Leaf): LeafTest {
  const list: unknown[] = Array.isArray(leaf.value) ? leaf.value : []
  if (leaf.caseSensitive !== false) {
    const known = new Set(list)
    return (values) => elementsOf(values).some((value) => known.has(value))
  }
  const sames = list.map((each) => sameAs(each, true))
  return (values) => elementsOf(values).some((value) => sames.some((same) => same(value)))
}

function sameAs(given: unknown, ignoresCase: boolean): (value: unknown) => boolean {
  if (!ignoresCase || typeof given !== 'string') return (value) => value === given
  const plain = foldedCase(given)
  return (value) => typeof value === 'string' && foldedCase(value) === plain
}

/** Numbers are compared with numbers, dates with texts that are dates; nothing else has an order. */
function range(bound: unknown, holds: (order: number) => boolean): LeafTest {
  if (typeof bound === 'number') {
    return (values) => elementsOf(values).some((v) => typeof v === 'number' && holds(v - bound))
  }
  const instant = typeof bound === 'string' ? instantOf(bound) : null
  if (instant === null) return () => false
  return (values) =>
    elementsOf(values).some((value) => {
      const found = typeof value === 'string' ? momentOf(value) : null
      return found !== null && holds(orderOf(found, instant))
    })
}

function orderOf({ microseconds, isLeap }: Moment, instant: bigint): number {
  if (microseconds === instant) return isLeap ? 1 : 0
  return microseconds < instant ? -1 : 1
}

/** A part of a text; of a list, an element (contract 5.2). */
function contains(leaf: Leaf): LeafTest {
  const ignoresCase = leaf.caseSensitive !== true
  const isElement = sameAs(leaf.value, ignoresCase)
  const isPart = onText(leaf, (text, given) => text.includes(given))
  return (values) =>
    values.some((value) => (Array.isArray(value) ? value.some(isElement) : isPart([value])))
}

function onText(leaf: Leaf, holds: (text: string, given: string) => boolean): LeafTest {
  const given = typeof leaf.value === 'string' ? leaf.value : null
  if (given === null) return () => false
  if (leaf.caseSensitive === true) {
    return (values) => elementsOf(values).some((v) => typeof v === 'string' && holds(v, given))
  }
  const plain = foldedCase(given)
  return (values) =>
    elementsOf(values).some((v) => typeof v === 'string' && holds(foldedCase(v), plain))
}

/** Found anywhere in a text, in any case unless it says otherwise, as `contains`. */
function matchesRegex(leaf: Leaf): LeafTest {
  const { value: pattern, caseSensitive } = leaf
  if (typeof pattern !== 'string') return () => false
  let regex: Regex | string | undefined
  return (values) => {
    regex ??= compileRegex(pattern, caseSensitive === true)
    // It was checked when it was parsed.
    if (typeof regex === 'string') throw invalid(['body', 'filters', leaf.field], regex, 'invalid')
    for (const value of elementsOf(values)) {
      if (typeof value !== 'string') continue
      checkSteps(leaf, value, regex)
      if (regex.test(value)) return true
    }
    return false
  }
}

function checkSteps({ field, stepsMax = 10_000_000 }: Leaf, text: string, regex: Regex): void {
  if (text.length * regex.size <= stepsMax) return
  throw fail('bad_request', {
    reason: `A text of ${text.length} characters at '${field}' may take the regex, which has ${regex.size} instructions, more than ${stepsMax} steps (NACRE_FILTER_REGEX_STEPS_MAX).`,
    hint: 'Make the pattern shorter, above all its counted repetitions.',
  })
}

/** Every word of the query is a word of the field; a list's texts count together. */
function hasWords(leaf: Leaf): LeafTest {
  const wanted = typeof leaf.value === 'string' ? wordsOf(leaf.value) : []
  return (values) => {
    if (wanted.length === 0) return false
    const words = new Set(textsOf(values).flatMap(wordsOf))
    return wanted.every((word) => words.has(word))
  }
}

/** The words of the query stand one after the other in one text. */
function hasPhrase(leaf: Leaf): LeafTest {
  const wanted = typeof leaf.value === 'string' ? wordsOf(leaf.value) : []
  return (values) =>
    wanted.length > 0 && textsOf(values).some((text) => hasRun(wordsOf(text), wanted))
}

function hasRun(words: readonly string[], wanted: readonly string[]): boolean {
  return words.some((_, start) => wanted.every((word, i) => words[start + i] === word))
}

function textsOf(values: readonly unknown[]): string[] {
  return elementsOf(values).filter((value) => typeof value === 'string')
}

function someGeo(leaf: Leaf): LeafTest {
  const isInside = geoTest(leaf)
  return (values) => elementsOf(values).some(isInside)
}
