import { storedPath } from '../filters/field-path.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'

/** What stands on a path already. */
export interface ServingIndex {
  index: PayloadIndex | null
  /** Built and answering: `virtual`, `building` and `failed` ones serve no read. */
  isIndexed: boolean
  isProtected: boolean
  /** False where conditions are answered without any index: constants of the namespace and ids of points (design 7). */
  needsIndex: boolean
}

const answeredWithoutIndex: ReadonlySet<string> = new Set([
  '_internal.namespace_id',
  '_internal.document_id',
])

/** The index of a payload path of the namespace; of two names for one place the built one. */
export function servingIndex(
  { payloadIndexes }: Pick<Namespace, 'payloadIndexes'>,
  path: string,
): ServingIndex {
  const place = storedPath(path)
  const there = payloadIndexes.filter((one) => storedPath(one.path) === place)
  const index = there.find(({ state }) => state === 'active') ?? there[0] ?? null
  return {
    index,
    isIndexed: index?.state === 'active',
    isProtected: index?.isProtected ?? false,
    needsIndex: !answeredWithoutIndex.has(place),
  }
}
