import { z } from 'zod'
import { nearestName } from '../domain/nearest-name.ts'

export const ignoredFieldsHeader = 'X-Nacre-Ignored-Fields'

const namesMax = 20
const nameLengthMax = 64

/**
 * What a header says of top-level keys that a lenient body schema ignores: `colour; nearest=color, foo`.
 * Null where nothing was ignored, and for schemas that keep or refuse unknown keys themselves.
 */
export function ignoredFields(schema: z.ZodType, body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
  const known = knownKeys(schema)
  if (!known) return null
  const ignored = Object.keys(body).filter((key) => !known.includes(key))
  if (ignored.length === 0) return null
  return ignored
    .slice(0, namesMax)
    .map((key) => withNearest(key, known))
    .join(', ')
}

function withNearest(key: string, known: readonly string[]): string {
  const near = nearestName(key, known)
  // Encoded, since a key may hold what no header may.
  const name = encodeURIComponent(key.slice(0, nameLengthMax).toWellFormed())
  return near === null ? name : `${name}; nearest=${near}`
}

function knownKeys(schema: z.ZodType): string[] | null {
  if (schema instanceof z.ZodObject) {
    return schema.def.catchall === undefined ? Object.keys(schema.shape) : null
  }
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  ) {
    const inner = schema.unwrap()
    return inner instanceof z.ZodType ? knownKeys(inner) : null
  }
  // `.transform()` comes after the object; `z.preprocess()` before it, and may know other names.
  if (schema instanceof z.ZodPipe && schema.in instanceof z.ZodObject) return knownKeys(schema.in)
  return null
}
