import type { Ports } from '../../ports/ports.ts'
import { sameSchema } from '../payload-indexes/index-schema.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'

/**
 * Gives a generation that nobody reads yet the payload indexes that are declared now, of every origin, and no others
 * (M-14). Safe to run again.
 */
export async function buildIndexes(
  { vectors }: Pick<Ports, 'vectors'>,
  generation: Namespace,
): Promise<void> {
  const collection = collectionOf(generation)
  const there = (await vectors.describeCollection(collection))?.payload_schema ?? {}
  const declared = generation.payloadIndexes.filter(isBuilt)
  for (const { path, schema } of declared) {
    const present = there[path]
    if (present && sameSchema(present, schema)) continue
    // Not every engine notices that only an option differs.
    if (present) await vectors.dropPayloadIndex(collection, path)
    await vectors.createPayloadIndex(collection, path, schema)
  }
  const paths = new Set(declared.map(({ path }) => path))
  for (const path of Object.keys(there)) {
    if (!paths.has(path)) await vectors.dropPayloadIndex(collection, path)
  }
}

function isBuilt({ state }: PayloadIndex): boolean {
  return state === 'active' || state === 'pending' || state === 'building'
}
