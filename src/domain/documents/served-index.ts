import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { Fact } from '../filters/compile-filter.ts'
import { enginePath, fieldPaths, rootKeyOf, storedPath } from '../filters/field-path.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { factsHold, type ReadPorts } from './read.ts'
import { indexedPaths } from './read-plan.ts'

/** An index of which is known that it holds every value of a field, so that the engine may answer from it alone. */
export interface ServedIndex {
  /** The field's path in the engine's words. */
  key: string
  schema: PayloadFieldSchema
}

/**
 * The index from which the engine can answer what is asked of `field` just as a pass over all documents would; null
 * where that is not known, and where the field has several places, lists or values that the index does not hold.
 */
export async function servedIndex(
  ports: ReadPorts,
  namespace: Namespace,
  field: string,
  serves: (schema: PayloadFieldSchema) => boolean,
  options: { mayHaveLists: boolean },
  signal?: AbortSignal,
): Promise<ServedIndex | null> {
  const paths = fieldPaths(field)
  const path = storedPath(paths.at(-1) ?? field)
  const index = indexedPaths(namespace).get(path)
  const key = enginePath(path)
  if (!index?.isActive || key === null || !serves(index.schema)) return null
  const facts: Fact[] = [
    ...paths.slice(0, -1).map((each): Fact => ({ kind: 'no_root_key', key: rootKeyOf(each) })),
    { kind: 'covered', path, type: index.schema.type },
    ...(options.mayHaveLists ? [] : [{ kind: 'single', path } as const]),
  ]
  return (await factsHold(ports, namespace, facts, signal)) ? { key, schema: index.schema } : null
}
