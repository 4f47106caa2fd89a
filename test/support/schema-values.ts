import fc from 'fast-check'

type Schema = Record<string, unknown>

/** Values that JSON Schema refuses nearly everywhere, or that code stumbles over. */
export const junk: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 31,
  2 ** 53 - 1,
  1e300,
  '',
  'x',
  '__proto__',
  'a..b',
  '{{INPUT.x}}',
  'é/:% ',
  'y'.repeat(5_000),
  '2020-13-45',
  [],
  [null],
  [[1]],
  {},
  { a: { b: [] } },
]

export interface ValueOptions {
  /** Values that mean something here, by the name of a property: the ids of things that are there. */
  known: Readonly<Record<string, unknown>>
  /** How many of a hundred values, at any depth, are not what their schema says. */
  wrongPercent: number
}

/** Values of a JSON Schema of the kind that the OpenAPI document holds, and some that nearly are. */
export function schemaValues(schema: unknown, options: ValueOptions): fc.Arbitrary<unknown> {
  const right = rightValues(schema, options)
  const { wrongPercent: weight } = options
  if (weight === 0) return right
  return fc.oneof(
    { weight: 100 - weight, arbitrary: right },
    { weight, arbitrary: fc.constantFrom(...junk) },
  )
}

function rightValues(schema: unknown, options: ValueOptions): fc.Arbitrary<unknown> {
  if (!isSchema(schema)) return fc.constantFrom(...junk)
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]))
  const among = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(among)) return fc.oneof(...among.map((one) => rightValues(one, options)))
  const types = ([schema['type'] ?? []] as (string | string[])[]).flat()
  if (types.length === 0) return fc.constantFrom(...junk)
  return fc.oneof(...types.map((type) => typedValues(type, schema, options)))
}

function typedValues(type: string, schema: Schema, options: ValueOptions): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objects(schema, options)
    case 'array':
      return fc.array(schemaValues(schema['items'], options), {
        minLength: Math.min(numberOf(schema['minItems'], 0), 3),
        maxLength: Math.min(numberOf(schema['maxItems'], 3), 3),
      })
    case 'string':
      return strings(schema)
    case 'integer':
    case 'number':
      return numbers(type, schema)
    case 'boolean':
      return fc.boolean()
    default:
      return fc.constant(null)
  }
}

function objects(schema: Schema, options: ValueOptions): fc.Arbitrary<unknown> {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  const values = Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, named(name, one, options)]),
  )
  const requiredKeys =
    options.wrongPercent > 0 && required.length > 1 ? required.slice(1) : required
  const whole = fc.record(values, { requiredKeys })
  if (schema['additionalProperties'] === false || Object.keys(properties).length > 0) return whole
  return fc.dictionary(
    fc.constantFrom('a', 'year', 'text'),
    schemaValues(schema['additionalProperties'], options),
    { maxKeys: 2 },
  )
}

/** A property whose name says what it names is mostly something that is there. */
function named(name: string, schema: unknown, options: ValueOptions): fc.Arbitrary<unknown> {
  const values = schemaValues(schema, options)
  if (!Object.hasOwn(options.known, name)) return values
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(options.known[name]) },
    { weight: 1, arbitrary: values },
  )
}

function strings(schema: Schema): fc.Arbitrary<string> {
  const { pattern, format } = schema
  if (format === 'date-time')
    return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
  if (typeof pattern === 'string' && !pattern.includes('(?'))
    return fc.stringMatching(new RegExp(pattern, 'u'))
  const minLength = numberOf(schema['minLength'], 0)
  const maxLength = Math.max(minLength, Math.min(numberOf(schema['maxLength'], 12), 12))
  return fc.oneof(
    fc.string({ minLength, maxLength }),
    fc.string({ minLength, maxLength, unit: 'binary' }),
  )
}

function numbers(type: 'integer' | 'number', schema: Schema): fc.Arbitrary<number> {
  const min = Math.max(
    numberOf(schema['minimum'] ?? schema['exclusiveMinimum'], -1_000),
    -(2 ** 53),
  )
  const max = Math.max(min, Math.min(numberOf(schema['maximum'], min + 1_000), 2 ** 53 - 1))
  const whole = fc.integer({ min: Math.ceil(min), max: Math.max(Math.ceil(min), Math.floor(max)) })
  return type === 'integer' ? whole : fc.oneof(whole, fc.double({ min, max, noNaN: true }))
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}
