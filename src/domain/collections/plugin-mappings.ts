import { fileTypes, type BucketField, type FieldType } from '../buckets/bucket.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { invalid } from '../failure.ts'
import { plainPath } from '../objects/field-at.ts'

type Fields = Record<string, BucketField>

/**
 * Input → field of a plugin where a collection maps none: what its manifest maps, as far as the source has it; else
 * fields that are called like its inputs; else none, and each blob of a fitting type is a row; else the only fitting
 * field (plugin-contract 4.1). Of several, files go before plain strings.
 * Throws `request_invalid` where the source has fields, and none or more than one could be meant.
 */
export function pluginMappings(
  extractor: Extractor,
  fields: Fields,
  location: (string | number)[],
): Record<string, string> {
  if (Object.keys(fields).length === 0) return {}
  const fits = (path: string) => isFitting(extractor, fields[path]?.type)
  const isThere = ([, path]: [string, string]) => Object.hasOwn(fields, path)

  const declared = Object.entries(extractor.defaultMappings ?? {}).map(
    ([input, path]): [string, string] => [input, plainPath(path)],
  )
  const mapped = declared.filter(isThere)
  if (mapped.length > 0) return Object.fromEntries(mapped)

  const named = Object.keys(extractor.inputs)
    .map((input): [string, string] => [input, input])
    .filter((entry) => isThere(entry) && fits(entry[1]))
  if (named.length > 0) return Object.fromEntries(filesFirst(named, fields))

  const fitting = Object.keys(fields).filter(fits)
  if (fitting.some((path) => isFile(fields[path]?.type))) return {}
  const [only, ...others] = fitting
  const [input = 'data'] = Object.keys(extractor.inputs)
  if (only !== undefined && others.length === 0) return { [input]: only }
  const example = `{"${input}": "${Object.keys(fields)[0] ?? 'content'}"}`
  const message = `is missing, and none of ${Object.keys(fields).join(', ')} is the obvious one; send ${example}`
  throw invalid(location, message, 'missing')
}

/** Whether a plugin reads values of this type; text is also what stands in a string. */
export function isFitting(
  { supportedInputTypes }: Pick<Extractor, 'supportedInputTypes'>,
  type: FieldType | undefined,
): boolean {
  if (type === undefined) return false
  return (
    supportedInputTypes.includes(type) ||
    (type === 'string' && supportedInputTypes.includes('text'))
  )
}

function filesFirst(entries: [string, string][], fields: Fields): [string, string][] {
  const files = entries.filter(([, path]) => isFile(fields[path]?.type))
  return files.length > 0 ? files : entries
}

function isFile(type: FieldType | undefined): boolean {
  return type !== undefined && fileTypes.includes(type)
}
