import type { BucketField } from '../buckets/bucket.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { passthroughExtractorId } from '../extractors/passthrough-extractor.ts'
import { reservedRootKeys } from '../filters/field-path.ts'
import type { CollectionExtractor } from './collection.ts'
import { targetOf } from './parse-passthrough.ts'

type Fields = Record<string, BucketField>

/** What documents will hold, known before the first is made: passthrough, then the extractor's own (contract 15.2). */
export function outputSchemaOf(
  config: CollectionExtractor,
  extractor: Extractor,
  source: Fields,
): Fields {
  const copied = copiesAll(config) ? sourceFields(source) : {}
  const passed = config.field_passthrough.map((entry) => [
    targetOf(entry),
    fieldAtPath(source, entry.source_path),
  ])
  return { ...copied, ...Object.fromEntries(passed), ...extractor.outputs }
}

/** Whether every field of the source goes into the document, named or not. */
export function copiesAll(config: CollectionExtractor): boolean {
  return config.include_all_source_fields || config.feature_extractor_id === passthroughExtractorId
}

/** A field's declaration by its path; what no schema declares is told as a string, which it mostly is. */
function fieldAtPath(source: Fields, path: string): BucketField {
  const own = source[path]
  if (own && Object.hasOwn(source, path)) return own
  const [root = '', ...rest] = path.split('.')
  const field = Object.hasOwn(source, root) ? source[root] : undefined
  const inner = rest.join('.')
  if (field && isFields(field.properties)) return fieldAtPath(field.properties, inner)
  // `metadata.category` may be declared as `category`.
  return root === 'metadata' && inner !== '' ? fieldAtPath(source, inner) : { type: 'string' }
}

function sourceFields(source: Fields): Fields {
  const { metadata, ...root } = source
  const inner = metadata && isFields(metadata.properties) ? metadata.properties : {}
  return Object.fromEntries(
    Object.entries({ ...inner, ...root }).filter(([name]) => !reservedRootKeys.has(name)),
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
