import type { Filter, Operator } from '../../src/domain/filters/filter.ts'
import { leafOf } from './written-namespace.ts'

/** A field as real ones are: what stands in it, document by document; undefined where it is missing. */
export interface FieldProfile {
  name: string
  values: readonly unknown[]
}

const uuids = [
  '550e8400-e29b-41d4-a716-446655440000',
  '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  'f47ac10b-58cc-4372-a567-0e02b2c3d479',
]
const places = [
  { lon: 13.4, lat: 52.5 },
  { lon: 2.35, lat: 48.86 },
  { lon: -74, lat: 40.7 },
]
const days = ['2024-01-01', '2024-02-29', '2023-12-31']
const instants = days.map((day) => `${day}T10:00:00Z`)

/** The forty of AI-1: every kind of value, and the ways in which kinds mix, drift, nest and go missing. */
export const profiles: readonly FieldProfile[] = [
  profile('integers', [1, 2, 3, 5, 6, 8]),
  profile('negative', [-1, -5, 0, 5]),
  profile('zero', [0, -0, 5]),
  profile('fractions', [5.5, 5.25, 6.75, 0.1]),
  profile('drifting', [1, 2, 3, 4, 5, 6, 7, 5.5]),
  profile('whole_fractions', [5, 5, 6, 2.5e3]),
  profile('huge_integers', [2 ** 53 - 1, -(2 ** 53 - 1), 5]),
  profile('beyond_integers', [2 ** 53, 2 ** 60, 2 ** 63, 1e19, 5]),
  profile('huge_fractions', [1e300, -1e300, 1e-300, 5]),
  profile('integers_and_texts', [5, '5', 6, '6']),
  profile('integers_and_booleans', [5, true, 1, false]),
  profile('integers_and_nulls', [5, null, 6, undefined]),
  profile('integers_and_dates', [5, '2024-01-01', 1704067200, 6]),
  profile('integers_and_objects', [5, { a: 5 }, 6]),
  profile('integer_lists', [[5, 6], [1], [], [8, 5]]),
  profile('mixed_lists', [[5, 5.5], [5, '5'], [null, 5], 6]),
  profile('fraction_lists', [[5.5, 6.5], [1.5], 5.5]),
  profile('nested_lists', [[[5]], [5], 5]),
  profile('empty', [[], null, undefined]),
  profile('nulls', [null, [null], 5]),
  profile('booleans', [true, false, true]),
  profile('booleans_and_texts', [true, 'true', false]),
  profile('boolean_lists', [[true, false], [true], 'x']),
  profile('words', ['red', 'green', 'blue', 'red fox']),
  profile('cases', ['Red', 'red', 'RED']),
  profile('empty_texts', ['', ' ', 'red']),
  profile('long_texts', ['x'.repeat(300), 'red averyveryverylongword', 'red']),
  profile('unicode', ['straße', 'STRASSE', 'İ', '日本', 'é']),
  profile('text_lists', [['red', 'blue'], ['green'], 'red']),
  profile('number_like', ['5', '5.0', 'NaN', 'Infinity', '-0', '1e3']),
  profile('uuids', uuids),
  profile('capital_uuids', [...uuids, ...uuids.map((id) => id.toUpperCase())]),
  profile('bare_uuids', [...uuids.map((id) => id.replaceAll('-', '')), ...uuids]),
  profile('days', days),
  profile('instants', instants),
  profile('zoned', ['2024-01-01T10:00:00+02:00', '2024-01-01T08:00:00Z', '2024-01-01 08:00:00']),
  profile('odd_dates', ['2024-01-01', '01/02/2024', '2024-13-01', '2024-1-1', 'yesterday']),
  profile('dates_and_numbers', ['2024-01-01', 1704067200, 1.5, '2023-01-01']),
  profile('places', places),
  profile('odd_places', [...places, { lon: 200, lat: 0 }, { lon: '13', lat: 52 }, { lat: 1 }]),
]

/** Twelve operators by values that each kind has, and what stands below a NOT. */
export function operatorFilters(field: string): Filter[] {
  const leaf = (operator: Operator, value: unknown) => leafOf(field, operator, value)
  const berlin = { center: { lon: 13.4, lat: 52.5 }, radius: 1_000_000 }
  const positive: Filter[] = [
    leaf('eq', 5),
    leaf('eq', 'red'),
    leaf('eq', true),
    leaf('eq', uuids[0]),
    leaf('ne', 5.5),
    leaf('in', [5, 5.5, 'red', '5', false]),
    leaf('nin', [5, 'Red', '2024-01-01']),
    leaf('gt', 5),
    leaf('gte', 5.25),
    leaf('lt', 6),
    leaf('lte', '2024-01-01T10:00:00Z'),
    leaf('gte', '2024-01-01'),
    leaf('exists', true),
    leaf('is_null', true),
    leaf('text', 'red'),
    leaf('geo_radius', berlin),
  ]
  const between: Filter = { kind: 'and', filters: [leaf('gte', 5), leaf('lt', 6)] }
  return [...positive, between, { kind: 'not', filters: [between] }, notAny(leaf)]
}

function notAny(leaf: (operator: Operator, value: unknown) => Filter): Filter {
  return { kind: 'not', filters: [leaf('gt', 5), leaf('lt', '2024-01-01'), leaf('eq', 'red')] }
}

function profile(name: string, values: readonly unknown[]): FieldProfile {
  return { name, values }
}
