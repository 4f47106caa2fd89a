import { resolveFieldPath, storedPath } from '../filters/field-path.ts'
import type { Filter, Leaf } from '../filters/filter.ts'
import type { AskedRead } from './asked-read.ts'
import { kindOfCondition } from './kind-of-condition.ts'

/** A read without any of its values: what is counted. */
export interface DescribedRead {
  /** `search by text: brand eq text & NOT price gte integer, sort by year`. */
  shape: string
  fields: UsedField[]
}

/** One field of a read, under the path where its values stand. */
export interface UsedField {
  path: string
  /** As the client wrote it. */
  field: string
  isFiltered: boolean
  isSorted: boolean
  isGrouped: boolean
  isFaceted: boolean
  conditions: { operator: string; kind: string }[]
}

/** A filter may have hundreds of conditions; of a longer one these are looked at. */
const leavesMax = 64
/** Different fields of one read that are counted. */
const fieldsMax = 16
const shapeLengthMax = 1_000
/** Longer names are counted under their beginning. */
const nameLengthMax = 200

/** Null where the read used no field at all: nothing would ever serve it better. */
export function describeRead(
  asked: AskedRead,
  filter: Filter | null,
  using: string | null,
): DescribedRead | null {
  const fields: UsedField[] = []
  const texts: string[] = []
  if (filter !== null) collect(filter, '', fields, texts)
  const used = asked.fields ?? []
  for (const { field, use } of used) {
    const one = fieldOf(fields, field)
    if (!one) continue
    if (use === 'sort') one.isSorted = true
    else if (use === 'group') one.isGrouped = true
    else one.isFaceted = true
  }
  if (fields.length === 0) return null
  const by = using === null ? '' : ` by ${boundedName(using)}`
  const afterwards = used.map(({ field, use }) => `, ${use} by ${pathOf(field)}`).join('')
  return { shape: boundedShape(`${asked.kind}${by}: `, texts, afterwards), fields }
}

/** Adds the conditions of a filter; `place` is where they stand: `NOT `, `OR `, both, or nowhere special. */
function collect(filter: Filter, place: string, fields: UsedField[], texts: string[]): void {
  if (texts.length >= leavesMax) return
  if (filter.kind === 'leaf') return collectLeaf(filter, place, fields, texts)
  const inner = filter.kind === 'and' ? place : placeIn(place, filter.kind)
  for (const child of filter.filters) collect(child, inner, fields, texts)
}

function placeIn(place: string, kind: 'or' | 'not'): string {
  const isNot = kind === 'not' ? !place.startsWith('NOT ') : place.startsWith('NOT ')
  const isOr = kind === 'or' || place.endsWith('OR ')
  return `${isNot ? 'NOT ' : ''}${isOr ? 'OR ' : ''}`
}

function collectLeaf(leaf: Leaf, place: string, fields: UsedField[], texts: string[]): void {
  const operator = operatorOf(leaf)
  const kind = kindOfCondition(leaf)
  const field = fieldOf(fields, leaf.field)
  texts.push(`${place}${field?.path ?? pathOf(leaf.field)} ${operator} ${kind}`)
  if (!field) return
  field.isFiltered = true
  field.conditions.push({ operator, kind })
}

/** Comparing texts in any case is a thing of its own: no index of values serves it. */
function operatorOf({ operator, caseSensitive, value }: Leaf): string {
  if (caseSensitive !== false || typeof value === 'number' || typeof value === 'boolean')
    return operator
  const isComparison =
    operator === 'eq' || operator === 'ne' || operator === 'in' || operator === 'nin'
  return isComparison ? `${operator}_any_case` : operator
}

/** Undefined where the read has as many fields already as are counted. */
function fieldOf(fields: UsedField[], name: string): UsedField | undefined {
  const path = pathOf(name)
  const known = fields.find((one) => one.path === path)
  if (known || fields.length >= fieldsMax) return known
  const made: UsedField = {
    path,
    field: boundedName(name),
    isFiltered: false,
    isSorted: false,
    isGrouped: false,
    isFaceted: false,
    conditions: [],
  }
  fields.push(made)
  return made
}

/** The path that an index would have (design 6, paths). */
export function pathOf(field: string): string {
  return boundedName(storedPath(resolveFieldPath(field)))
}

function boundedName(name: string): string {
  // A slice would keep the whole of a long text in memory.
  return name.length <= nameLengthMax
    ? name
    : `${Buffer.from(name.slice(0, nameLengthMax)).toString()}…`
}

/** Conditions in one order, each once, as many as there is room for. */
function boundedShape(head: string, texts: string[], tail: string): string {
  if (texts.length === 0) return `${head}all${boundedName(tail)}`
  const [only = ''] = texts
  if (texts.length === 1) return `${head}${only}${tail === '' ? '' : boundedName(tail)}`
  const sorted = eachOnce(texts.sort())
  let body = ''
  for (const [i, text] of sorted.entries()) {
    if (head.length + body.length + text.length > shapeLengthMax)
      return `${head}${body} & ${sorted.length - i} more${boundedName(tail)}`
    body = i === 0 ? text : `${body} & ${text}`
  }
  return `${head}${body}${tail === '' ? '' : boundedName(tail)}`
}

/** Cheaper than a set, whose members are hashed. */
function eachOnce(sorted: readonly string[]): string[] {
  return sorted.filter((text, i) => text !== sorted[i - 1])
}
