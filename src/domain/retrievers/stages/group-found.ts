import type { DocumentRecord } from '../../documents/document.ts'
import type { FacetValue } from '../../documents/served-values.ts'
import { distinctScalars } from '../../documents/value-counts.ts'
import type { Namespace } from '../../namespaces/namespace.ts'

export interface FoundGroup<T> {
  key: FacetValue
  /** How many of the documents belong to it, kept or not. */
  count: number
  documents: T[]
}

export interface FoundGroups<T> {
  /** In the order of their first documents. */
  groups: FoundGroup<T>[]
  /** Documents that have no such value and are in no group. */
  withoutValue: number
}

/**
 * Documents by the value of a field, their order kept: a list puts its document into the group of each element. Of
 * each group the first `maxPerGroup` are kept.
 */
export function groupFound<T extends DocumentRecord>(
  documents: readonly T[],
  { field, maxPerGroup }: { field: string; maxPerGroup: number },
  namespace: Namespace,
): FoundGroups<T> {
  const groups = new Map<FacetValue, FoundGroup<T>>()
  let withoutValue = 0
  for (const document of documents) {
    const keys = distinctScalars(document, field, namespace)
    if (keys.size === 0) withoutValue += 1
    for (const key of keys) {
      const group = groups.get(key) ?? { key, count: 0, documents: [] }
      group.count += 1
      if (group.documents.length < maxPerGroup) group.documents.push(document)
      groups.set(key, group)
    }
  }
  return { groups: [...groups.values()], withoutValue }
}
