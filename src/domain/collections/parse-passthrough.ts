import { invalid } from '../failure.ts'
import { reservedRootKeys } from '../filters/field-path.ts'
import { lastSegment, plainPath } from '../objects/field-at.ts'
import type { Passthrough } from './collection.ts'

type Location = (string | number)[]

const entriesMax = 500

/**
 * `field_passthrough`: bare strings or objects, kept as objects (contract 2.1, trap 20). Throws `request_invalid`
 * for a target that the server keeps or that two entries share.
 */
export function parsePassthrough(given: unknown, location: Location): Passthrough[] {
  if (given === undefined || given === null) return []
  if (!Array.isArray(given) || given.length > entriesMax) {
    throw invalid(location, `must be a list of at most ${entriesMax} paths`, 'wrong_type')
  }
  const entries = given.map((entry: unknown, i) => parseEntry(entry, [...location, i]))
  const seen = new Map<string, number>()
  entries.forEach((entry, i) => {
    const target = targetOf(entry)
    const before = seen.get(target)
    if (before !== undefined && entries[before]?.source_path !== entry.source_path) {
      const message = `'${target}' is the target of entry ${before} as well; give one a target_path`
      throw invalid([...location, i], message, 'duplicate')
    }
    seen.set(target, i)
  })
  return entries
}

/** Where the value stands in a document: at the root, nested paths flattened to their last segment. */
export function targetOf({ source_path: source, target_path: target }: Passthrough): string {
  return target ?? lastSegment(source)
}

function parseEntry(given: unknown, location: Location): Passthrough {
  const entry: Record<string, unknown> =
    typeof given === 'object' && given !== null ? { ...given } : { source_path: given }
  const source = textAt(entry['source_path'] ?? entry['source_field'], [...location, 'source_path'])
  const target = entry['target_path'] ?? null
  const required = entry['required'] ?? null
  if (required !== null && typeof required !== 'boolean') {
    throw invalid([...location, 'required'], 'must be true or false', 'wrong_type')
  }
  const parsed: Passthrough = {
    source_path: plainPath(source),
    ...(target !== null && { target_path: textAt(target, [...location, 'target_path']) }),
    ...(entry['default'] !== undefined &&
      entry['default'] !== null && { default: entry['default'] }),
    ...(required !== null && { required }),
  }
  refuseReserved(targetOf(parsed), location)
  return parsed
}

function refuseReserved(target: string, location: Location): void {
  const [root = ''] = target.split('.')
  if (!reservedRootKeys.has(root) && root !== '__proto__') return
  throw invalid(
    location,
    `'${target}' is kept by the server; give it another target_path`,
    'reserved',
  )
}

function textAt(value: unknown, location: Location): string {
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  const kind = value === undefined || value === null ? 'missing' : 'wrong_type'
  throw invalid(location, 'must be a path, such as metadata.author', kind)
}
