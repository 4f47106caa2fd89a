import type { z } from 'zod'
import { fail } from './failure.ts'
import type { Fault } from './failure.ts'
import { suggestion } from './nearest-name.ts'

type Location = readonly (string | number)[]
type Issue = z.core.$ZodIssue

/**
 * What a client calls parameters, parsed by a strict schema: a null is an absent one (generated clients cannot tell
 * them apart), an alias stands for its name. Throws `request_invalid` below `location`: an unknown name with the
 * nearest known one, a wrong value with what would be right.
 */
export function parseParameters<S extends z.ZodObject>(
  schema: S,
  given: unknown,
  location: Location,
  aliases: Readonly<Record<string, string>> = {},
): z.infer<S> {
  if (!isRecord(given)) throw fail('request_invalid', { faults: [notAnObject(given, location)] })

  const { values, faults } = withoutAliases(given, aliases, location)
  const result = schema.safeParse(values, { reportInput: true })
  if (result.success && faults.length === 0) return result.data
  const known = [...Object.keys(schema.shape), ...Object.keys(aliases)]
  faults.push(
    ...(result.error?.issues ?? []).flatMap((issue) => faultsOf(issue, location, known, schema)),
  )
  throw fail('request_invalid', { faults })
}

function withoutAliases(
  given: Readonly<Record<string, unknown>>,
  aliases: Readonly<Record<string, string>>,
  location: Location,
): { values: Record<string, unknown>; faults: Fault[] } {
  const values: Record<string, unknown> = {}
  const faults: Fault[] = []
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue
    const name = Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key
    if (name !== key && Object.hasOwn(given, name) && given[name] !== null) {
      const message = `${key} is another name of ${name}; send one of them`
      faults.push({ location: [...location, key], message, type: 'ambiguous' })
    }
    values[name] = value
  }
  return { values, faults }
}

function faultsOf(
  issue: Issue,
  location: Location,
  known: readonly string[],
  schema: z.ZodType,
): Fault[] {
  const at = [
    ...location,
    ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
  ]
  if (issue.code === 'unrecognized_keys') {
    const names = issue.path.length === 0 ? known : keysAt(schema, issue.path)
    return issue.keys.map((key) => unknownName([...at, key], key, names))
  }
  const name = String(at.at(-1))
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined
  if (isMissing) return [{ location: at, message: `${name} is missing`, type: 'missing' }]
  return [
    {
      location: at,
      message: `${name} ${shown(issue.input)}: ${issue.message}`,
      type: typeOf(issue),
    },
  ]
}

/** The names that objects at the path may have. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return objectsIn(schema).flatMap(({ shape }) => {
    const [key, ...rest] = path
    if (key === undefined) return Object.keys(shape)
    const child = shape[String(key)]
    return child ? keysBelow(child, rest) : []
  })
}

function keysBelow(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path
  if (typeof key !== 'number') return keysAt(schema, path)
  return elementsIn(schema).flatMap((element) => keysBelow(element, rest))
}

function objectsIn(schema: z.core.$ZodType): z.core.$ZodObjectDef[] {
  return unwrapped(schema).flatMap(({ _zod: { def } }) => (isObjectDef(def) ? [def] : []))
}

function elementsIn(schema: z.core.$ZodType): z.core.$ZodType[] {
  return unwrapped(schema).flatMap(({ _zod: { def } }) => (isArrayDef(def) ? [def.element] : []))
}

/** What stands in the schema once optionals, defaults and unions are opened. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = schema._zod
  if ('innerType' in def) return unwrapped(def.innerType as z.core.$ZodType)
  if ('options' in def) return (def.options as z.core.$ZodType[]).flatMap(unwrapped)
  return [schema]
}

function isObjectDef(def: z.core.$ZodTypeDef): def is z.core.$ZodObjectDef {
  return def.type === 'object'
}

function isArrayDef(def: z.core.$ZodTypeDef): def is z.core.$ZodArrayDef {
  return def.type === 'array'
}

function unknownName(location: (string | number)[], key: string, known: readonly string[]): Fault {
  const meant =
    suggestion(key, known) || (known.length > 0 ? `; known are ${known.join(', ')}` : '')
  return { location, message: `${key} is not known here${meant}`, type: 'unknown_field' }
}

function notAnObject(given: unknown, location: Location): Fault {
  const name = String(location.at(-1))
  return {
    location: [...location],
    message: `${name} ${shown(given)}; it must be an object`,
    type: 'wrong_type',
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'is missing'
  const text = JSON.stringify(value) ?? typeof value
  return `is ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`
}

function typeOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return 'wrong_type'
  return issue.code === 'too_big' || issue.code === 'too_small' ? 'out_of_range' : 'invalid_value'
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
