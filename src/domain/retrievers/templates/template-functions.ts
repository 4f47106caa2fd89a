import { Missing, present, TemplateError } from './expression.ts'
import type { TemplateSteps } from './template-steps.ts'
import { asText, fieldKeys, isOpen, isTrue, kindOf, ownValue } from './template-values.ts'

type Call = (steps: TemplateSteps, ...args: unknown[]) => unknown

/** Contract 17.5, and what most templates of this kind have besides: default, lower, upper, trim, string, int, float. */
const filters: Readonly<Record<string, Call>> = {
  first: (steps, of) => listOf(of, 'first', steps).at(0) ?? null,
  last: (steps, of) => listOf(of, 'last', steps).at(-1) ?? null,
  length: (_, of) => lengthOf(of),
  join: (steps, of, separator = '', attribute) => {
    const items = listOf(of, 'join', steps)
    const texts = attribute === undefined ? items : items.map((item) => at(item, attribute, 'join'))
    const between = asText(separator)
    steps.take((between.length * texts.length) / 16)
    return steps.text(texts.map((item) => steps.text(asText(item))).join(between))
  },
  map: (steps, of, attribute) => listOf(of, 'map', steps).map((item) => at(item, attribute, 'map')),
  list: (steps, of) => listOf(of, 'list', steps),
  tojson: (steps, of) => steps.text(JSON.stringify(present(of)) ?? 'null'),
  slugify: (steps, of) => slug(steps.text(asText(present(of)))),
  bool: (_, of) => boolOf(of),
  default: (_, of, value = '', forFalse = false) =>
    of instanceof Missing || of === null || (isTrue(forFalse) && !isTrue(of)) ? value : of,
  lower: (steps, of) => steps.text(asText(present(of))).toLowerCase(),
  upper: (steps, of) => steps.text(asText(present(of))).toUpperCase(),
  trim: (steps, of) => steps.text(asText(present(of))).trim(),
  string: (steps, of) => steps.text(asText(present(of))),
  int: (_, of) => Math.trunc(numberOf(of, 'int')),
  float: (_, of) => numberOf(of, 'float'),
}

const functions: Readonly<Record<string, Call>> = {
  max: (steps, ...args) => Math.max(...numbersOf(args, 'max', steps)),
  min: (steps, ...args) => Math.min(...numbersOf(args, 'min', steps)),
  abs: (_, of) => Math.abs(numberOf(of, 'abs')),
  round: (_, of, digits = 0) => {
    const scale = 10 ** Math.min(15, Math.max(0, numberOf(digits, 'round')))
    return Math.round(numberOf(of, 'round') * scale) / scale
  },
  ceil: (_, of) => Math.ceil(numberOf(of, 'ceil')),
  floor: (_, of) => Math.floor(numberOf(of, 'floor')),
}

export const functionNames: readonly string[] = Object.keys(functions)
/** A function of one number may be written as a filter, too. */
export const filterNames: readonly string[] = [...Object.keys(filters), ...functionNames]

const calls: ReadonlyMap<string, Call> = new Map([
  ...Object.entries(functions).map(([name, call]): [string, Call] => [`${name}()`, call]),
  ...Object.entries({ ...functions, ...filters }),
])

/** By its name, a function's with `()` behind it. Throws TemplateError for values that it does not take. */
export function callByName(name: string, args: readonly unknown[], steps: TemplateSteps): unknown {
  const call = calls.get(name)
  if (!call) throw new TemplateError(`there is no ${name}`)
  return call(steps, ...args)
}

/** A list as it is, a text by its letters, an object by its keys. */
function listOf(value: unknown, name: string, steps: TemplateSteps): readonly unknown[] {
  const given = present(value)
  const list: unknown =
    typeof given === 'string' ? Array.from(given) : isOpen(given) ? fieldKeys(given) : given
  if (!Array.isArray(list)) throw new TemplateError(`${name} takes a list, not ${kindOf(given)}`)
  steps.take(list.length)
  return list
}

function at(item: unknown, attribute: unknown, name: string): unknown {
  if (typeof attribute !== 'string' && typeof attribute !== 'number')
    throw new TemplateError(`${name} takes the name of a field, as in ${name}('title')`)
  return ownValue(item, attribute) ?? null
}

function lengthOf(value: unknown): number {
  const given = present(value)
  if (typeof given === 'string') return Array.from(given).length
  if (Array.isArray(given)) return given.length
  if (isOpen(given)) return fieldKeys(given).length
  throw new TemplateError(`length takes a list or a text, not ${kindOf(given)}`)
}

function numberOf(value: unknown, name: string): number {
  const given = present(value)
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof number === 'number' && Number.isFinite(number)) return number
  if (typeof given === 'boolean') return Number(given)
  throw new TemplateError(`${name} takes a number, not ${kindOf(given)}`)
}

function numbersOf(args: readonly unknown[], name: string, steps: TemplateSteps): number[] {
  const [only] = args
  const given = args.length === 1 && Array.isArray(only) ? only : args
  if (given.length === 0) throw new TemplateError(`${name} takes at least one number`)
  if (given.length > 10_000) throw new TemplateError(`${name} takes at most 10,000 numbers`)
  steps.take(given.length)
  return given.map((one: unknown) => numberOf(one, name))
}

const trueWords = new Set(['true', '1', 'yes', 'y', 'on'])

function boolOf(value: unknown): boolean {
  return typeof value === 'string' ? trueWords.has(value.trim().toLowerCase()) : isTrue(value)
}

function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}
