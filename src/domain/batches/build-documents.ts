import type { ExtractedDocument } from '../../ports/extractor-runtime.ts'
import type { Collection, CollectionExtractor } from '../collections/collection.ts'
import { copiesAll } from '../collections/output-schema.ts'
import { targetOf } from '../collections/parse-passthrough.ts'
import { extractedPointId, type NewDocument } from '../documents/document.ts'
import { reservedRootKeys } from '../filters/field-path.ts'
import { fieldAt } from '../objects/field-at.ts'
import type { Source } from './load-sources.ts'

/** Extractor inputs as `input_mappings` resolves them; null beside the inputs that have no value. */
export function resolveInputs(
  { input_mappings: mappings }: CollectionExtractor,
  values: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(mappings).map(([input, path]) => [input, fieldAt(values, path) ?? null]),
  )
}

/**
 * The fields that a source gives its documents: everything where the collection copies all, then passthrough at the
 * root, nested paths flattened (contract 15.1). `missing` names required paths without a value.
 */
export function passedFields(
  config: CollectionExtractor,
  values: Record<string, unknown>,
): { fields: Record<string, unknown>; missing: string[] } {
  const fields = copiesAll(config) ? copiedFields(config, values) : {}
  const missing: string[] = []
  for (const entry of config.field_passthrough) {
    const value = fieldAt(values, entry.source_path) ?? entry.default
    if (value !== undefined && value !== null) setAt(fields, targetOf(entry), value)
    else if (entry.required) missing.push(entry.source_path)
  }
  return { fields, missing }
}

/**
 * One source's documents, ready for the write gate. Where a passthrough and the extractor write one field, the
 * extractor's value stands: of a chunk it is the chunk.
 */
export function buildDocuments(
  collection: Collection,
  source: Source,
  extracted: readonly ExtractedDocument[],
  warnings: readonly string[],
): NewDocument[] {
  const { fields } = passedFields(collection.extractor, source.values)
  const extractorId = collection.extractor.feature_extractor_id
  return extracted.map(({ position, fields: own, vectors, missing }) => ({
    id: extractedPointId({
      collectionId: collection.id,
      sourceKey: source.key,
      extractorId,
      position,
    }),
    collectionId: collection.id,
    origin: 'extracted',
    fields: { ...fields, ...own },
    vectors: { ...vectors },
    lineage: source.lineage,
    ...processingOf(warnings, missing ?? []),
  }))
}

/** What is worth knowing of how a document came to be (contract 16.1: `__missing_features` of older pages). */
function processingOf(
  warnings: readonly string[],
  missing: readonly string[],
): Pick<NewDocument, 'internal'> {
  const processing = {
    ...(warnings.length > 0 && { warnings }),
    ...(missing.length > 0 && { missing_features: missing }),
  }
  return Object.keys(processing).length > 0 ? { internal: { processing } } : {}
}

/** Everything at the root; what stands in `metadata` comes up to it, as passthrough would bring it. */
function copiedFields(
  config: CollectionExtractor,
  values: Record<string, unknown>,
): Record<string, unknown> {
  const { metadata, ...root } = values
  const isKept = config.parameters['preserve_metadata'] !== false
  const inner = isKept && typeof metadata === 'object' && metadata !== null ? metadata : {}
  return Object.fromEntries(
    Object.entries({ ...inner, ...root }).filter(([name]) => !reservedRootKeys.has(name)),
  )
}

/** `a.b` makes an object `a`; a value that is there as something else gives way. */
function setAt(fields: Record<string, unknown>, path: string, value: unknown): void {
  const [root = path, ...rest] = path.split('.')
  if (rest.length === 0) {
    fields[root] = value
    return
  }
  const before = Object.hasOwn(fields, root) ? fields[root] : undefined
  const inner: Record<string, unknown> =
    typeof before === 'object' && before !== null && !Array.isArray(before) ? { ...before } : {}
  setAt(inner, rest.join('.'), value)
  fields[root] = inner
}
