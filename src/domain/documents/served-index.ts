import { isDeepStrictEqual } from 'node:util'
import { EngineRejection, type PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { Fact } from '../filters/compile-filter.ts'
import { enginePath, fieldPaths, rootKeyOf, storedPath } from '../filters/field-path.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { currentFacts, knownFact, type CurrentFacts } from '../payload-facts/current-facts.ts'
import { factsHold, type ReadPorts } from './read.ts'

/** An index of which is known that it holds every value of a field, so that the engine may answer from it alone. */
export interface ServedIndex {
  /** The field's path in the engine's words. */
  key: string
  schema: PayloadFieldSchema
  /** Asked after the engine has answered: whether the index was the same meanwhile, and held every value. */
  stillHolds(): Promise<boolean>
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
  const key = enginePath(path)
  const before = await currentFacts(ports, namespace)
  const index = before.indexes.get(path)
  if (!index?.isActive || key === null || !serves(index.schema)) return null
  const facts: Fact[] = [
    ...paths.slice(0, -1).map((each): Fact => ({ kind: 'no_root_key', key: rootKeyOf(each) })),
    { kind: 'covered', path, type: index.schema.type },
    ...(options.mayHaveLists ? [] : [{ kind: 'single', path } as const]),
  ]
  if (!(await factsHold(ports, namespace, facts, signal))) return null
  const { schema } = index
  const stillHolds = async () => holdsNow(await currentFacts(ports, namespace), path, schema, facts)
  return (await stillHolds()) ? { key, schema, stillHolds } : null
}

function holdsNow(
  current: CurrentFacts,
  path: string,
  schema: PayloadFieldSchema,
  facts: readonly Fact[],
): boolean {
  const index = current.indexes.get(path)
  return (
    index?.isActive === true &&
    isDeepStrictEqual(index.schema, schema) &&
    facts.every((fact) => knownFact(current, fact) === true)
  )
}

/** An index that was dropped while it was asked: the engine refuses, and the documents are read instead. */
export async function unlessRefused<T>(answer: () => Promise<T>): Promise<T | null> {
  try {
    return await answer()
  } catch (error) {
    if (error instanceof EngineRejection) return null
    throw error
  }
}
