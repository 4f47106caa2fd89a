import { invalid } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import { defaultFilterLimits, type FilterLimits } from './filter-limits.ts'
import { operators, type Filter, type Leaf, type Operator } from './filter.ts'
import { checkValue } from './filter-value.ts'
import { isDynamic, resolveDynamic } from './dynamic-value.ts'
import { kindOf } from './value-kind.ts'

type Location = (string | number)[]

export interface ParseFilterOptions {
  /** Given: dynamic values and `{{INPUT.x}}` are resolved from them. Absent: such values are kept as they are. */
  inputs?: Record<string, unknown>
  /** `filterLimits(config)`; else the defaults of those settings. */
  limits?: Partial<FilterLimits>
}

/**
 * A filter in the language of contract 5.1, parsed whole; null where it names no condition.
 * Throws `request_invalid` with the location of what is wrong and, for unknown words, what was probably meant.
 */
export function parseFilter(
  input: unknown,
  location: Location,
  options: ParseFilterOptions = {},
): Filter | null {
  if (input === undefined || input === null) return null
  const limits = { ...defaultFilterLimits, ...options.limits }
  const parse: Parse = { limits, inputs: options.inputs, leaves: 0, regexes: 0, root: location }
  return parseNode(input, location, { depth: 1, isCaseSensitive: false }, parse)
}

interface Parse {
  limits: FilterLimits
  inputs: Record<string, unknown> | undefined
  leaves: number
  regexes: number
  root: Location
}

const logicalKinds = { AND: 'and', OR: 'or', NOT: 'not', and: 'and', or: 'or', not: 'not' } as const

/** Where a node stands: how deep, and whether a node around it says `case_sensitive: true` for what is in it. */
interface Surroundings {
  depth: number
  isCaseSensitive: boolean
}

function parseNode(
  input: unknown,
  at: Location,
  around: Surroundings,
  parse: Parse,
): Filter | null {
  if (around.depth > parse.limits.depthMax) {
    throw invalid(at, `is nested deeper than ${parse.limits.depthMax} levels`, 'too_deep')
  }
  if (!isObject(input)) {
    throw invalid(
      at,
      `a filter is an object with AND, OR, NOT, with field and operator, or with field names and their values; this is ${kindOf(input)}`,
      'wrong_type',
      Array.isArray(input) ? 'Put several conditions into {"AND": [...]}.' : undefined,
    )
  }
  if ('field' in input && ('operator' in input || 'value' in input)) {
    return parseLeaf(input, at, around, parse)
  }
  refuseForeignWords(input, at)
  const given = input['case_sensitive']
  // Generated clients send false at every level; only true says something (contract 2.1, 14).
  const inside = { ...around, isCaseSensitive: around.isCaseSensitive || given === true }
  const parts = Object.entries(input).flatMap(([key, value]) =>
    key === 'case_sensitive' ? [] : parseEntry(key, value, at, inside, parse),
  )
  return allOf(parts)
}

/** One key of a node that is no leaf: a logical word, or a field with the value it must equal. */
function parseEntry(
  key: string,
  value: unknown,
  at: Location,
  around: Surroundings,
  parse: Parse,
): Filter[] {
  if (!isLogical(key)) {
    checkField(key, at)
    return [makeLeaf(leafOf(key, 'eq', value, null, around), [...at, key], parse)]
  }
  if (value === undefined || value === null) return []
  const kind = logicalKinds[key]
  const nodes = Array.isArray(value) ? value : [value]
  if (!Array.isArray(value) && kind !== 'not') {
    throw invalid([...at, key], `is a list of conditions; this is ${kindOf(value)}`, 'wrong_type')
  }
  if (nodes.length === 0 && kind === 'or') {
    throw invalid(
      [...at, key],
      'is an empty list, of which no condition can hold; leave it out',
      'empty',
    )
  }
  const filters = nodes.map((node: unknown, i) => {
    const place = Array.isArray(value) ? [...at, key, i] : [...at, key]
    return parseNode(node, place, { ...around, depth: around.depth + 1 }, parse) ?? matchesAll
  })
  return filters.length === 0 ? [] : [{ kind, filters }]
}

const matchesAll: Filter = { kind: 'and', filters: [] }

function parseLeaf(
  input: Record<string, unknown>,
  at: Location,
  around: Surroundings,
  parse: Parse,
): Leaf {
  const { field, case_sensitive: caseSensitive = null } = input
  checkLeafKeys(input, at)
  checkField(field, [...at, 'field'])
  if (caseSensitive !== null && typeof caseSensitive !== 'boolean') {
    throw invalid(
      [...at, 'case_sensitive'],
      `is true or false; this is ${kindOf(caseSensitive)}`,
      'wrong_type',
    )
  }
  const operator = parseOperator(input['operator'] ?? 'eq', [...at, 'operator'])
  const isFlag = operator === 'exists' || operator === 'is_null'
  const value = isFlag && input['value'] === undefined ? true : input['value']
  return makeLeaf(leafOf(field, operator, value, caseSensitive, around), [...at, 'value'], parse)
}

const leafKeys = ['field', 'operator', 'value', 'case_sensitive']

/** What else stood in a condition would be left out silently, and the answer be wider than what was asked. */
function checkLeafKeys(input: Record<string, unknown>, at: Location): void {
  for (const [key, value] of Object.entries(input)) {
    if (leafKeys.includes(key) || (isLogical(key) && (value === null || value === undefined)))
      continue
    throw invalid(
      [...at, key],
      `stands beside field; a condition has ${leafKeys.join(', ')}${suggestion(key, leafKeys)}`,
      'unknown_field',
      'Conditions that must hold together go into {"AND": [...]}.',
    )
  }
}

function leafOf(
  field: string,
  operator: Operator,
  value: unknown,
  caseSensitive: boolean | null,
  around: Surroundings,
): Leaf {
  const inherited = around.isCaseSensitive ? true : null
  return { kind: 'leaf', field, operator, value, caseSensitive: caseSensitive ?? inherited }
}

function makeLeaf(leaf: Leaf, at: Location, parse: Parse): Leaf {
  parse.leaves += 1
  if (parse.leaves > parse.limits.leavesMax) {
    throw invalid(parse.root, `has more than ${parse.limits.leavesMax} conditions`, 'too_many')
  }
  const value = parse.inputs ? resolveDynamic(leaf.value, parse.inputs, at) : leaf.value
  if (!isDynamic(value)) checkValue(leaf.operator, value, at, parse.limits)
  return leaf.operator === 'regex' ? regexLeaf({ ...leaf, value }, parse) : { ...leaf, value }
}

function regexLeaf(leaf: Leaf, parse: Parse): Leaf {
  const { regexesMax, regexStepsMax } = parse.limits
  parse.regexes += 1
  if (parse.regexes > regexesMax) {
    throw invalid(parse.root, `has more than ${regexesMax} conditions with regex`, 'too_many')
  }
  return { ...leaf, stepsMax: regexStepsMax }
}

function parseOperator(given: unknown, at: Location): Operator {
  const word = typeof given === 'string' ? given.toLowerCase() : ''
  const operator = operators.find((known) => known === word)
  if (operator) return operator
  const shown = typeof given === 'string' ? `'${given.slice(0, 64)}'` : kindOf(given)
  const near = typeof given === 'string' ? suggestion(given, operators) : ''
  const message = `${shown} is no operator${near}; there are ${operators.join(', ')}`
  throw invalid(at, message, 'unknown_operator')
}

const fieldLengthMax = 1_024

function checkField(field: unknown, at: Location): asserts field is string {
  if (typeof field !== 'string' || field === '') {
    throw invalid(
      at,
      `is the dotted path of a field; this is ${field === '' ? 'empty' : kindOf(field)}`,
      'wrong_type',
    )
  }
  if (field.length > fieldLengthMax) {
    throw invalid(at, `is longer than ${fieldLengthMax} characters`, 'too_long')
  }
}

const engineWords = ['must', 'should', 'must_not', 'min_should']

/** The engine's own words would be field names here, and match nothing or everything (contract 5.1). */
function refuseForeignWords(input: Record<string, unknown>, at: Location): void {
  const word = engineWords.find((key) => key in input)
  if (word === undefined) return
  throw invalid(
    [...at, word],
    `'${word}' is no word of this filter language`,
    'unknown_field',
    'Write {"AND": [{"field": "a", "operator": "eq", "value": 1}]} for must, OR for should, NOT for must_not.',
  )
}

/** Several keys of one node combine with AND. */
function allOf(filters: Filter[]): Filter | null {
  if (filters.length === 0) return null
  const [only] = filters
  return filters.length === 1 && only ? only : { kind: 'and', filters }
}

function isLogical(key: string): key is keyof typeof logicalKinds {
  return Object.hasOwn(logicalKinds, key)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
