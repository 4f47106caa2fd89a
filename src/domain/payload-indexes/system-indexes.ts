import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { fail } from '../failure.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { resolveFieldPath } from '../filters/field-path.ts'
import { payloadPath } from './payload-path.ts'
import { sameSchema } from './index-schema.ts'
import type { PayloadIndex } from './payload-index.ts'

/**
 * Contract 8.3's eleven. Built for real they cost a third to four fifths of the ingest rate (design 7), so only
 * what every run of a batch filters by is built from the start; the others are listed and built when used.
 */
export function systemIndexes(): PayloadIndex[] {
  return [
    virtual('internal_id', { type: 'keyword', is_tenant: true }),
    virtual('namespace_id', { type: 'keyword', is_tenant: false }),
    built('collection_id', { type: 'keyword', is_tenant: true }),
    virtual('document_id', { type: 'keyword', is_tenant: false }),
    virtual('bucket_id', { type: 'keyword', is_tenant: false }),
    virtual('object_id', { type: 'keyword', is_tenant: false }),
    virtual('root_object_id', { type: 'keyword', is_tenant: false }),
    virtual('root_bucket_id', { type: 'keyword', is_tenant: false }),
    built('source_object_id', { type: 'keyword', is_tenant: false }),
    virtual('created_at', { type: 'datetime' }),
    virtual('updated_at', { type: 'datetime' }),
  ]
}

/**
 * The indexes that the namespace's extractors ask for (contract 7.1), besides the system's own.
 * Throws `conflict` where two extractors want one field in two ways.
 */
export function extractorIndexes(extractors: readonly Extractor[]): PayloadIndex[] {
  const indexes = new Map<string, PayloadIndex>()
  const taken = new Set(systemIndexes().map(({ path }) => path))
  for (const { id, source, requiredPayloadIndexes } of extractors) {
    for (const { fieldName, schema } of requiredPayloadIndexes) {
      const path = payloadPath(resolveFieldPath(fieldName))
      if (taken.has(path)) continue
      const earlier = indexes.get(path)
      if (earlier && !sameSchema(earlier.schema, schema)) {
        throw fail('conflict', {
          reason: `The extractors disagree on the index of '${fieldName}': ${id} wants ${schema.type}, another wants ${earlier.schema.type}.`,
        })
      }
      indexes.set(
        path,
        protectedIndex(fieldName, path, schema, source === 'custom' ? 'plugin' : 'system'),
      )
    }
  }
  return [...indexes.values()]
}

function built(name: string, schema: PayloadFieldSchema): PayloadIndex {
  return protectedIndex(name, `_internal.${name}`, schema, 'system')
}

function virtual(name: string, schema: PayloadFieldSchema): PayloadIndex {
  return { ...built(name, schema), state: 'virtual' }
}

function protectedIndex(
  fieldName: string,
  path: string,
  schema: PayloadFieldSchema,
  origin: 'system' | 'plugin',
): PayloadIndex {
  return { fieldName, path, schema, origin, isProtected: true, state: 'pending', error: null }
}
