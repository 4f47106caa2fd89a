import { EngineRejection, type CollectionSpec, type VectorSpec } from '../../ports/vector-engine.ts'

/** Throws EngineRejection unless the name is one both engines take, and no path: `[A-Za-z0-9_-]`, at most 255. */
export function checkName(what: 'collection' | 'alias', name: string): void {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(name)) return
  throw new EngineRejection(
    `${JSON.stringify(name)} is no ${what} name: letters, digits, _ and - are`,
  )
}

/** Whether both name the same vectors with the same definitions. */
export function hasSameVectors(a: CollectionSpec, b: CollectionSpec): boolean {
  const [left, right] = [definitions(a), definitions(b)]
  return (
    left.size === right.size &&
    [...left].every(([name, definition]) => right.get(name) === definition)
  )
}

function definitions(spec: CollectionSpec): Map<string, string> {
  return new Map([
    ...Object.entries(spec.vectors).map(([name, dense]) => [name, definition({ dense })] as const),
    ...Object.entries(spec.sparse_vectors).map(
      ([name, sparse]) => [name, definition({ sparse })] as const,
    ),
  ])
}

/** One string for one meaning: what is absent is what the engine would take. */
function definition(spec: VectorSpec): string {
  if ('sparse' in spec) return `sparse ${spec.sparse.modifier ?? 'none'}`
  const { size, distance, datatype, multivector_config } = spec.dense
  return `dense ${size} ${distance} ${datatype ?? 'float32'} ${multivector_config?.comparator ?? 'single'}`
}

/** What `createVectorName` takes: only what defines the vector; both engines choose storage by themselves. */
export function vectorNameConfig(spec: VectorSpec): object {
  if ('sparse' in spec) return { sparse: { modifier: spec.sparse.modifier } }
  const { size, distance, datatype, multivector_config } = spec.dense
  return { dense: { size, distance, datatype, multivector_config } }
}

/** The sentence both engines answer where there is neither a collection nor an alias of the name. */
export function noCollection(name: string): EngineRejection {
  return new EngineRejection(`Collection \`${name}\` doesn't exist!`)
}
