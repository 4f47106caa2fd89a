import { fail, invalid } from '../failure.ts'

type Location = readonly (string | number)[]
type Inputs = Readonly<Record<string, unknown>>

/** One expression; nothing in it but a namespace and a path (contract 17.5; filters and blocks are not run yet). */
const expression = /\{\{\s*(.*?)\s*\}\}/gs
const wholeExpression = /^\s*\{\{\s*((?:(?!\}\}).)*?)\s*\}\}\s*$/s
const knownNamespaces = ['doc', 'context', 'stage', 'secret', 'secrets']
const nestingMax = 32

/** Whether anything within the value is to be filled in from the inputs of an execution. */
export function hasTemplate(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.includes('{{')
  if (typeof value !== 'object' || value === null || depth > nestingMax) return false
  return Object.values(value).some((child) => hasTemplate(child, depth + 1))
}

/** Throws `request_invalid` or `not_enabled` where a template could never be filled in, whatever the inputs. */
export function checkTemplates(value: unknown, location: Location): void {
  if (typeof value === 'string') {
    for (const [, inner = ''] of value.matchAll(expression)) pathOf(inner, location)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (location.length > nestingMax) throw invalid([...location], 'is nested too deeply', 'too_deep')
  for (const [key, child] of entriesOf(value)) checkTemplates(child, [...location, key])
}

/**
 * The value with its templates filled in: a string that is one template becomes what it names, types kept; others
 * get its text. Only own keys are read. Throws `request_invalid` where an input is not given.
 */
export function fillTemplates(value: unknown, inputs: Inputs, location: Location): unknown {
  if (typeof value === 'string')
    return value.includes('{{') ? fillText(value, inputs, location) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return value.map((child: unknown, i) => fillTemplates(child, inputs, [...location, i]))
  const filled = entriesOf(value).map(([key, child]) => [
    key,
    fillTemplates(child, inputs, [...location, key]),
  ])
  return Object.fromEntries(filled)
}

function fillText(text: string, inputs: Inputs, location: Location): unknown {
  const [, whole] = wholeExpression.exec(text) ?? []
  if (whole !== undefined) return read(inputs, pathOf(whole, location))
  return text.replace(expression, (_, inner: string) =>
    asText(read(inputs, pathOf(inner, location))),
  )
}

function read(inputs: Inputs, path: readonly string[]): unknown {
  let value: unknown = inputs
  for (const key of path) {
    const isOpen = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    value = isOpen ? Reflect.get(value as object, key) : undefined
  }
  if (value !== undefined && value !== null) return value
  const name = path.join('.')
  throw invalid(
    ['body', 'inputs', ...path],
    `the retriever needs the input '${name}', which is not given`,
    'missing_input',
  )
}

/** `INPUT.user.tags[0]` → `user`, `tags`, `0`. */
function pathOf(inner: string, location: Location): string[] {
  const [, namespace, rest] =
    /^([A-Za-z_]\w*)((?:\.[\w-]+|\[\d+\]|\["[^"\]]*"\]|\['[^'\]]*'\])+)$/.exec(inner) ?? []
  const word = namespace?.toLowerCase()
  if (word === 'input' || word === 'inputs') return keysOf(rest ?? '')
  if (word !== undefined && knownNamespaces.includes(word)) {
    throw fail('not_enabled', {
      feature: `Template namespace ${namespace}`,
      hint: 'Use {{INPUT.name}}.',
    })
  }
  const hint = /^\w+$/.test(inner)
    ? `; write {{INPUT.${inner}}}`
    : '; write {{INPUT.name}} or {{INPUT.a.b[0]}}'
  throw invalid(
    [...location],
    `'{{${inner}}}' is no template that can be filled in here${hint}`,
    'invalid_template',
  )
}

function keysOf(rest: string): string[] {
  const parts = rest.matchAll(/\.([\w-]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]/g)
  return Array.from(
    parts,
    ([, plain, index, double, single]) => plain ?? index ?? double ?? single ?? '',
  )
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value as number | boolean)
}

function entriesOf(value: object): [string | number, unknown][] {
  return Array.isArray(value) ? value.map((child: unknown, i) => [i, child]) : Object.entries(value)
}
