import { z } from 'zod'
import { fail, type Fault } from '../failure.ts'
import { plainVersion, pluginIdOf } from './plugin-id.ts'

/** What an archive claims to be, before it is read. */
export interface PluginClaim {
  pluginId: string
  name: string
  /** `X.Y.Z`. */
  version: string
  description: string
}

const nameRule = /^[a-zA-Z][a-zA-Z0-9_]{2,63}$/
const descriptionMax = 500

/** Contract 10.3, `POST /uploads`; the size is checked against the setting. */
export const NewPluginUpload = z.object({
  name: z.unknown().optional(),
  version: z.unknown().optional(),
  description: z.unknown().optional(),
  file_size_bytes: z.int().min(1).nullish(),
  presigned_url_expiration: z.int().min(60).max(86_400).nullish(),
})
export type NewPluginUpload = z.infer<typeof NewPluginUpload>

export const ConfirmUpload = z.object({
  etag: z.string().nullish(),
  file_size_bytes: z.int().min(0).nullish(),
})
export type ConfirmUpload = z.infer<typeof ConfirmUpload>

/** Names and versions by contract 10.2 and 10.3. Throws `request_invalid` with every wrong field. */
export function parseClaim(given: {
  name?: unknown
  version?: unknown
  description?: unknown
}): PluginClaim {
  const faults: Fault[] = []
  const name = parseName(given.name, faults)
  const version = parseVersion(given.version, faults)
  const description = parseDescription(given.description, faults)
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return { pluginId: pluginIdOf(name, version), name, version, description }
}

function parseName(given: unknown, faults: Fault[]): string {
  if (typeof given !== 'string') return missing('name', given, faults)
  if (nameRule.test(given)) return given
  const proposed = given.replaceAll(/[-\s.]/g, '_')
  const meant = proposed !== given && nameRule.test(proposed) ? `; did you mean '${proposed}'?` : ''
  const message = `name is '${given.slice(0, 80)}'; it must have 3 to 64 letters, digits and _, the first a letter${meant}`
  faults.push({ location: ['body', 'name'], message, type: 'invalid_value' })
  return ''
}

function parseVersion(given: unknown, faults: Fault[]): string {
  if (typeof given !== 'string') return missing('version', given, faults)
  const version = plainVersion(given)
  if (version !== null) return version
  const message = `version is '${given.slice(0, 80)}'; it must be X.Y.Z, X.Y or vX`
  faults.push({ location: ['body', 'version'], message, type: 'invalid_value' })
  return ''
}

function parseDescription(given: unknown, faults: Fault[]): string {
  if (given === undefined || given === null) return ''
  const isText = typeof given === 'string'
  if (isText && given.length <= descriptionMax) return given
  const message = isText
    ? `description has ${given.length} characters; at most ${descriptionMax} are kept`
    : 'description must be a text'
  const type = isText ? 'out_of_range' : 'wrong_type'
  faults.push({ location: ['body', 'description'], message, type })
  return ''
}

function missing(field: string, given: unknown, faults: Fault[]): string {
  const isAbsent = given === undefined || given === null
  const message = isAbsent ? `${field} is missing` : `${field} must be a text`
  faults.push({
    location: ['body', field],
    message,
    type: isAbsent ? 'missing' : 'wrong_type',
  })
  return ''
}
