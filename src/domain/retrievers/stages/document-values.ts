import { documentIdIn } from '../../documents/document.ts'
import type { DocumentRecord } from '../../documents/document.ts'
import { elementsOf, fieldValues } from '../../filters/field-values.ts'
import type { Namespace } from '../../namespaces/namespace.ts'

/** What a document has in a field, lists opened one level; `score` is what the search gave it, where one did. */
export function valuesOf(
  document: DocumentRecord,
  field: string,
  namespace: Pick<Namespace, 'id'>,
): unknown[] {
  if (field === 'score' && document.score !== null) return [document.score]
  const payload = document.payload ?? {}
  const identity = {
    documentId: documentIdIn(document.pointId, payload),
    namespaceId: namespace.id,
  }
  return elementsOf(fieldValues(payload, field, identity))
}

/** The first number of a field; null where there is none. */
export function numberIn(
  document: DocumentRecord,
  field: string,
  namespace: Pick<Namespace, 'id'>,
): number | null {
  const found = valuesOf(document, field, namespace).find((value) => Number.isFinite(value))
  return typeof found === 'number' ? found : null
}
