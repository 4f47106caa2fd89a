import { z } from 'zod'
import type { PluginManifest } from '../../ports/plugin-host.ts'
import { invalid } from '../failure.ts'
import { nearestName } from '../nearest-name.ts'
import { isRecord, parseParameters } from '../parse-parameters.ts'

type Location = (string | number)[]
interface Parsed {
  parameters: Record<string, unknown>
  warnings: string[]
}

/**
 * Parameters by the plugin's own schema, as given: its defaults are the plugin's to apply (plugin-contract 3.5).
 * Names that the schema does not have are a warning, unless it forbids others.
 * Throws `request_invalid` below `location`.
 */
export function parsePluginParameters(
  manifest: Pick<PluginManifest, 'name' | 'parameterSchema'>,
  given: Readonly<Record<string, unknown>>,
  location: Location,
): Parsed {
  const properties = propertiesOf(manifest.parameterSchema)
  const known = Object.keys(properties ?? {})
  const { parameters, warnings } = ownOf(manifest.name, given, known)
  if (properties === null) return { parameters, warnings }

  const unknown = Object.keys(parameters).filter((name) => !known.includes(name))
  if (manifest.parameterSchema?.['additionalProperties'] === false) {
    const [name] = unknown
    if (name !== undefined) throw unknownName(name, known, location)
  } else {
    for (const name of unknown) warnings.push(`parameters.${name} is not known to the plugin.`)
  }
  check(manifest.parameterSchema ?? {}, parameters, location)
  return { parameters, warnings }
}

/**
 * Without `extractor_type`, which generated clients add. Where that names another extractor they have put its
 * defaults in the place of the plugin's parameters: what the plugin does not know is dropped (contract 2.1, trap 18).
 */
function ownOf(
  name: string,
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Parsed {
  if (known.includes('extractor_type')) return { parameters: { ...given }, warnings: [] }
  const { extractor_type: type, ...parameters } = given
  if (typeof type !== 'string' || type === name) return { parameters, warnings: [] }
  const own = Object.entries(parameters).filter(([key]) => known.includes(key))
  if (own.length === Object.keys(parameters).length) return { parameters, warnings: [] }
  const warning = `Parameters of ${type} were ignored; send extractor_type: "${name}", or leave it out.`
  return { parameters: Object.fromEntries(own), warnings: [warning] }
}

/** A schema that zod cannot read is checked by the plugin itself, when it is loaded. */
function check(
  schema: Record<string, unknown>,
  parameters: Record<string, unknown>,
  location: Location,
): void {
  const parser = parserOf(schema)
  if (parser instanceof z.ZodObject) parseParameters(parser, parameters, location)
}

const parsers = new WeakMap<object, z.ZodType | null>()

function parserOf(schema: Record<string, unknown>): z.ZodType | null {
  const known = parsers.get(schema)
  if (known !== undefined) return known
  const parser = readSchema(schema)
  parsers.set(schema, parser)
  return parser
}

function readSchema(schema: Record<string, unknown>): z.ZodType | null {
  try {
    return z.fromJSONSchema(schema)
  } catch {
    return null
  }
}

function propertiesOf(schema: Record<string, unknown> | null): Record<string, unknown> | null {
  const properties = schema?.['properties']
  return isRecord(properties) ? properties : null
}

function unknownName(name: string, known: readonly string[], location: Location) {
  const near = nearestName(name, known)
  const meant = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`
  const message = `parameters.${name} is not a parameter of the plugin; ${meant}`
  return invalid([...location, name], message, 'unknown_field')
}
