import fc from 'fast-check'
import type { Payload, PayloadFieldSchema } from '../../src/ports/vector-engine.ts'
import { dateForms, naiveFields } from './naive-filter.ts'

/** Random documents and random filters as clients send them, for `naiveAnswer`. */

const words = [
  'red',
  'Red fox',
  'the quick red fox',
  'straße',
  'STRASSE',
  'ΟΔΟΣ ΑΣ',
  'ΑΣΑ',
  'ας',
  'İstanbul',
  '日本語 テキスト',
  'é',
  'É',
  'averyveryverylongword here',
  'a_b',
  '½ cup',
  '🦊 fox',
  'line\nred',
  'true',
  '5',
  ' ',
  '',
]
const noDates = ['2024-13-01', '20240101', 'soon']
const ids = ['550e8400-e29b-41d4-a716-446655440000', '550E8400-E29B-41D4-A716-446655440000']
const numbers = [
  [0, -0, 5, 5.5, 6, -3, 0.1, 0.30000000000000004, 123456789.12345679, 1704067200],
  [1e300, -1e300, 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324],
  [2 ** 52, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, 2 ** 64, 1e19],
].flat()
const lons = [-180, -179.5, -120, -10, 0, 0.5, 10, 13.4, 90, 179.5, 180]
const lats = [-90, -89.9, -60, -45, -10, 0, 10, 45, 52.5, 89.9, 90]
const place = fc.record({ lon: fc.constantFrom(...lons), lat: fc.constantFrom(...lats) })
const noPlace = fc.constantFrom<unknown>({ lon: 200, lat: 0 }, { lon: '13', lat: 52 }, { lat: 1 })

const dates = [...dateForms.keys()]
const scalar = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...words, ...ids, true, false) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...numbers) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...dates, ...noDates) },
)
const element = fc.oneof(
  { weight: 12, arbitrary: scalar },
  { weight: 1, arbitrary: place },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, { a: 1 }, { x: 5 }, [5], [['red']], []) },
)
const value = fc.oneof(
  { weight: 6, arbitrary: element },
  { weight: 3, arbitrary: fc.array(element, { maxLength: 3 }) },
)
/** Mostly of one kind, so that an index of that kind has few exceptions. */
const mostly = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: value })

/** Fields of a client's own, every one optional. */
export const documentFields: fc.Arbitrary<Payload> = fc.record(
  {
    n: mostly(fc.constantFrom<unknown>(...numbers)),
    s: mostly(fc.constantFrom<unknown>(...words)),
    at: mostly(fc.oneof({ weight: 6, arbitrary: place }, { weight: 1, arbitrary: noPlace })),
    list: value,
    'a.b': value,
    m: value,
    deep: fc.oneof(value, fc.record({ x: value, list: value }, { requiredKeys: [] })),
    metadata: fc.oneof(value, fc.record({ m: value, created_at: value }, { requiredKeys: [] })),
    created_at: mostly(fc.constantFrom<unknown>(...dates)),
  },
  { requiredKeys: [] },
)

/** Paths that an index may be declared on. */
export const indexedPaths = ['n', 's', 'at', 'list', 'deep.x', 'metadata.m', 'm', 'created_at']

export const indexSchemas: fc.Arbitrary<PayloadFieldSchema> = fc.constantFrom<PayloadFieldSchema>(
  { type: 'keyword' },
  { type: 'integer' },
  { type: 'integer', lookup: false, range: true },
  { type: 'integer', lookup: true, range: false },
  { type: 'float' },
  { type: 'bool' },
  { type: 'datetime' },
  { type: 'datetime' },
  { type: 'uuid' },
  { type: 'geo' },
  { type: 'geo' },
  { type: 'text', tokenizer: 'word', min_token_len: 2, max_token_len: 15, lowercase: true },
  { type: 'text', tokenizer: 'prefix', min_token_len: 2, max_token_len: 6, lowercase: true },
  { type: 'text', tokenizer: 'whitespace', lowercase: true },
  { type: 'text', tokenizer: 'word', lowercase: false },
)

/** Without look-around and back-references, and meaning the same to RE2 and to JavaScript. */
const patterns = [
  '^re',
  'FOX$',
  'r.d',
  '[a-c]+',
  'quick|日本',
  '^\\d{4}-\\d\\d-',
  '(red )+fox',
  'é',
  '^$',
  'o{1,2}',
]

const circle = fc.record({
  center: place,
  radius: fc.constantFrom(0, 1, 1_000, 120_000, 1_000_000, 5_010_000, 11_000_000, 21_000_000),
})
const box = fc.tuple(place, place).map(([a, b]) => ({
  top_left: { lon: a.lon, lat: Math.max(a.lat, b.lat) },
  bottom_right: { lon: b.lon, lat: Math.min(a.lat, b.lat) },
}))
const ring = (...corners: [lon: number, lat: number][]) => ({
  points: [...corners, ...corners.slice(0, 1)].map(([lon, lat]) => ({ lon, lat })),
})
const polygon = fc.constantFrom<unknown>(
  { exterior: ring([-180, -90], [180, -90], [180, 90], [-180, 90]) },
  { exterior: ring([-10, -60], [13.4, -45], [0.5, 52.5]) },
  {
    exterior: ring([-120, -60], [90, -60], [90, 60], [-120, 60]),
    interiors: [
      ring([-10, -10], [10, -10], [10, 10], [-10, 10]),
      ring([0, 45], [20, 45], [10, 55]),
    ],
  },
  // Crosses itself: its middle is gone round twice.
  { exterior: ring([-60, -50], [0, 60], [60, -50], [-80, 20], [80, 20]) },
  { exterior: ring([10, 10], [10, 10], [10, 10]) },
)
/** In a polygon of random corners hardly any place lies; these are about the places that there are. */
export const shapes = { circle, box, polygon }

const field = fc.constantFrom(...Object.keys(naiveFields))
const dynamics: Record<string, readonly unknown[]> = {
  scalar: [
    { type: 'dynamic', field: 'inputs.five' },
    '{{INPUT.red}}',
    '{{INPUT.deep.half}}',
    '{{INPUT.flag}}',
  ],
  bound: ['{{INPUT.five}}', { type: 'dynamic', field: 'inputs.day' }],
  list: ['{{INPUT.some}}', ['{{INPUT.some}}', true, { type: 'dynamic', field: 'five' }]],
}
const given = (kind: keyof typeof dynamics, arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 9, arbitrary },
    { weight: 1, arbitrary: fc.constantFrom(...(dynamics[kind] ?? [])) },
  )

const text = fc.constantFrom<unknown>(...words, 'red averyveryverylongword', 'FOX red', 'σ', 'i̇')
/** Fields mostly hold one kind of value: conditions of that kind find something there. */
const fitting: fc.Arbitrary<unknown> = fc.oneof(
  leafOf(['eq', 'ne', 'contains'], fc.constantFrom<unknown>(...words), fc.constant('s')),
  leafOf(['text', 'phrase', 'starts_with', 'ends_with'], text, fc.constant('s')),
  leafOf(['regex'], fc.constantFrom<unknown>(...patterns), fc.constant('s')),
  leafOf(['eq', 'gt', 'gte', 'lt', 'lte'], fc.constantFrom(...numbers), fc.constant('n')),
  leafOf(['in', 'nin'], fc.array(fc.constantFrom(...numbers), { maxLength: 4 }), fc.constant('n')),
  leafOf(['gt', 'gte', 'lt', 'lte'], fc.constantFrom(...dates), fc.constant('created_at')),
  leafOf(['geo_radius'], circle, fc.constant('at')),
  leafOf(['geo_bounding_box'], box, fc.constant('at')),
  leafOf(['geo_polygon'], polygon, fc.constant('at')),
)
const anyLeaf: fc.Arbitrary<unknown> = fc.oneof(
  leafOf(['eq', 'ne', 'EQ'], given('scalar', scalar)),
  leafOf(['in', 'nin'], given('list', fc.array(scalar, { maxLength: 4 }))),
  leafOf(
    ['gt', 'gte', 'lt', 'lte'],
    given('bound', fc.constantFrom<unknown>(...numbers, ...dates)),
  ),
  leafOf(['exists', 'is_null'], fc.boolean()),
  leafOf(['text', 'phrase', 'contains', 'starts_with', 'ends_with'], text),
  leafOf(['contains'], scalar),
  leafOf(['regex'], fc.constantFrom<unknown>(...patterns)),
  leafOf(['geo_radius'], circle),
  leafOf(['geo_bounding_box'], box),
  leafOf(['geo_polygon'], polygon),
  fc.record({ field, operator: fc.constantFrom('exists', 'is_null') }),
  fc.record({ field, value: scalar }),
  fc.dictionary(field, scalar, { minKeys: 1, maxKeys: 2 }),
  fc.record({ collection_id: fc.constantFrom('col_a', 'col_b', 'COL_A') }),
  fc.record({ document_id: fc.integer({ min: 0, max: 29 }).map((i) => `#${i}`) }),
)

/** `#3` stands for the id of the fourth document: `withIds` puts it in. */
export const filters: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fitting,
    anyLeaf,
    group(fc.constantFrom('AND', 'and', 'NOT', 'not'), fc.array(tie('node'), { maxLength: 3 })),
    group(fc.constantFrom('OR', 'or'), fc.array(tie('node'), { minLength: 1, maxLength: 3 })),
    group(fc.constantFrom('NOT'), tie('node')),
  ),
})).node

export function withIds(filter: unknown, documentIds: readonly string[]): unknown {
  const told = JSON.stringify(filter).replace(
    /"document_id":"#(\d+)"/g,
    (_, i: string) => `"document_id":"${documentIds[Number(i)] ?? 'doc_none'}"`,
  )
  return JSON.parse(told)
}

/** A logical word, now and then with a field beside it and a word on case. */
function group(word: fc.Arbitrary<string>, inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      word,
      inner,
      fc.constantFrom<object>({}, {}, { case_sensitive: false }, { case_sensitive: true }),
      fc.oneof(
        { weight: 5, arbitrary: fc.constant({}) },
        {
          weight: 1,
          arbitrary: fc.dictionary(fc.constantFrom('s', 'm', 'missing'), scalar, { maxKeys: 1 }),
        },
      ),
    )
    .map(([key, filtered, ...rest]) => Object.assign({ [key]: filtered }, ...rest))
}

function leafOf(
  operators: string[],
  value: fc.Arbitrary<unknown>,
  of: fc.Arbitrary<string> = field,
): fc.Arbitrary<unknown> {
  const caseSensitive = fc.constantFrom<object>(
    {},
    {},
    { case_sensitive: true },
    { case_sensitive: false },
  )
  return fc
    .tuple(fc.record({ field: of, operator: fc.constantFrom(...operators), value }), caseSensitive)
    .map(([made, sensitive]) => ({ ...made, ...sensitive }))
}
