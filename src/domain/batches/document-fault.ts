import { isDeepStrictEqual } from 'node:util'
import type { ExtractedDocument } from '../../ports/extractor-runtime.ts'
import type { Collection } from '../collections/collection.ts'
import { targetOf } from '../collections/parse-passthrough.ts'
import type { NewDocument } from '../documents/document.ts'
import { checkDocument } from '../documents/write.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { ErrorType } from './batch.ts'
import { passedFields } from './build-documents.ts'
import type { Source } from './load-sources.ts'

interface Wrong {
  type: ErrorType
  message: string
}

/** Zero documents, one without any vector, two of one id, or one that the write gate would refuse; else null. */
export function documentFault(
  namespace: Namespace,
  extractor: Extractor,
  documents: readonly NewDocument[],
): Wrong | null {
  if (documents.length === 0)
    return { type: 'runtime', message: `${extractor.id} made no document of it.` }
  const declared = extractor.vectors(namespace.embedding).map(({ name }) => name)
  const bare = documents.some(({ vectors }) =>
    declared.every((name) => vectors[name] === undefined),
  )
  if (declared.length > 0 && bare) {
    const message = `${extractor.id} made no vector ${declared.join(' or ')} of it.`
    return { type: 'runtime', message }
  }
  if (new Set(documents.map(({ id }) => id)).size < documents.length) {
    const message = `${extractor.id} made two documents of one position of it.`
    return { type: 'runtime', message }
  }
  try {
    for (const document of documents) checkDocument(namespace, document)
    return null
  } catch (error) {
    if (isFailure(error, 'request_invalid')) return { type: 'validation', message: error.message }
    throw error
  }
}

/** A plugin's column and a passthrough may not mean two things by one name (plugin-contract 4.3). */
export function collisionFault(
  { extractor }: Collection,
  { values }: Source,
  documents: readonly ExtractedDocument[],
): Wrong | null {
  const { fields: passed } = passedFields(extractor, values)
  const targets = new Set(extractor.field_passthrough.map(targetOf))
  for (const { fields } of documents) {
    const name = Object.keys(fields).find(
      (key) => targets.has(key) && !isDeepStrictEqual(fields[key], passed[key]),
    )
    if (name === undefined) continue
    const message = `column '${name}' collides with the field_passthrough to '${name}'; give that another target_path`
    return { type: 'validation', message }
  }
  return null
}
