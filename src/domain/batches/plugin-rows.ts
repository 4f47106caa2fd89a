import type { PluginRow } from '../../ports/plugin-host.ts'
import { fileTypes, type FieldType } from '../buckets/bucket.ts'
import type { Collection } from '../collections/collection.ts'
import { isFitting } from '../collections/plugin-mappings.ts'
import { documentIdOf, extractedPointId } from '../documents/document.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { fieldAt, lastSegment } from '../objects/field-at.ts'
import type { Source, SourceBlob } from './load-sources.ts'

/** A row of a source, and what tells its documents from those of the source's other rows. */
export interface PlannedRow {
  row: PluginRow
  position: readonly (string | number)[]
}

interface Part {
  property: string
  value: unknown
  blob: SourceBlob['blob'] | null
}

/**
 * One row for each blob or field that the collection maps; where it maps none, for each blob of a type that the plugin
 * reads (plugin-contract 4.1). Empty where the source has nothing of these.
 */
export function pluginRows(
  collection: Collection,
  extractor: Pick<Extractor, 'inputs' | 'supportedInputTypes'>,
  source: Source,
): PlannedRow[] {
  const parts = partsOf(collection, extractor, source)
  return parts.map((part, i) => {
    const ordinal = parts.slice(0, i).filter(({ property }) => property === part.property).length
    const position = parts.length > 1 ? [part.property, ordinal] : []
    return { position, row: rowOf(collection, source, part, position) }
  })
}

function partsOf(
  { extractor: { input_mappings: mappings } }: Collection,
  extractor: Pick<Extractor, 'inputs' | 'supportedInputTypes'>,
  source: Source,
): Part[] {
  const paths = [...new Set(Object.values(mappings))]
  if (paths.length > 0) return paths.flatMap((path) => partsAt(source, path))
  const fitting = source.blobs.filter(({ blob }) => isFitting(extractor, blob.type))
  return fitting.length > 0 ? fitting.map(partOf) : plainPart(extractor, source)
}

function partsAt(source: Source, path: string): Part[] {
  const blobs = source.blobs.filter(({ blob }) => blob.property === path)
  if (blobs.length > 0) return blobs.map(partOf)
  const value = fieldAt(source.values, path)
  return isAbsent(value) ? [] : [{ property: lastSegment(path), value, blob: null }]
}

function partOf({ blob, value }: SourceBlob): Part {
  return { property: blob.property, value, blob }
}

/** Of a source without blobs, as upstream documents are: the text that stands under an input's name, or the only one. */
function plainPart({ inputs }: Pick<Extractor, 'inputs'>, { values }: Source): Part[] {
  const texts = Object.keys(values).filter((name) => typeof values[name] === 'string')
  const named = [...Object.keys(inputs), 'data', 'text', 'content'].find((name) =>
    texts.includes(name),
  )
  const property = named ?? (texts.length === 1 ? texts[0] : undefined)
  return property === undefined ? [] : [{ property, value: values[property], blob: null }]
}

function rowOf(
  collection: Collection,
  { row, key, lineage }: Source,
  part: Part,
  position: readonly (string | number)[],
): PluginRow {
  const { property, value, blob } = part
  const type = blobType(blob?.type ?? 'text')
  const extractorId = collection.extractor.feature_extractor_id
  const place = { collectionId: collection.id, sourceKey: key, extractorId, position }
  const isStored = blob !== null && blob.data === null && blob.hash !== null
  return {
    key: JSON.stringify([row.sourceId, ...position]),
    objectId: lineage.root_object_id ?? row.sourceId,
    documentId: documentIdOf(extractedPointId(place)),
    ...(lineage.source_document_id !== undefined && {
      sourceDocumentId: lineage.source_document_id,
    }),
    blob: {
      id: blob?.id ?? row.sourceId,
      property,
      type,
      mimeType: type === 'text' ? textMime(blob?.mimeType) : (blob?.mimeType ?? ''),
      // Inline text has none (plugin-contract 4.1).
      sizeBytes: isStored ? blob.sizeBytes : 0,
    },
    data: isStored && type !== 'text' ? { contentHash: blob.hash ?? '' } : { text: textOf(value) },
    aliases: [property],
  }
}

/** `text`, `image`, `video`, `audio`, `pdf`, or `other` for files that no step has a condition for. */
function blobType(type: FieldType): string {
  if (!fileTypes.includes(type)) return 'text'
  return type === 'excel' ? 'other' : type
}

/** The text of a JSON value is plain text to a plugin. */
function textMime(given: string | null | undefined): string {
  return given?.startsWith('text/') === true ? given : 'text/plain'
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'))
    return value.join('\n')
  return JSON.stringify(value)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}
