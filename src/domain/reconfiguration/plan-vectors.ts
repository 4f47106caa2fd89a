import { isSameShape } from '../namespaces/merge-vectors.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'

export type Vectors = Readonly<Record<string, VectorDefinition>>

/** What becomes of each vector name between two schemas. */
export interface VectorPlan {
  /** In both, alike as far as the engine goes. */
  kept: string[]
  added: string[]
  /** In both, but of another kind, size or distance: what is stored under the name cannot stay. */
  changed: string[]
  /** Only in the present one: no extractor that runs here declares it. No reason to rebuild (design 4). */
  orphaned: string[]
  /** Kept ones that another extractor fills from now on: only what is told of them changes. */
  rebound: string[]
}

/** Pure: the same two schemas give the same plan. */
export function planVectors(present: Vectors, wanted: Vectors): VectorPlan {
  const names = Object.keys(present)
  const shared = names.filter((name) => Object.hasOwn(wanted, name))
  const kept = shared.filter((name) => isSameShape(present[name], wanted[name]))
  return {
    kept,
    added: Object.keys(wanted).filter((name) => !Object.hasOwn(present, name)),
    changed: shared.filter((name) => !kept.includes(name)),
    orphaned: names.filter((name) => !Object.hasOwn(wanted, name)),
    rebound: kept.filter((name) => isRebound(present[name], wanted[name])),
  }
}

/** A client's own vector stays its own, whoever else could fill it. */
function isRebound(a: VectorDefinition | undefined, b: VectorDefinition | undefined): boolean {
  return typeof a?.extractorId === 'string' && a.extractorId !== b?.extractorId
}

/** Whether anything has to be done in the engine. */
export function needsEngine({ added, changed }: VectorPlan): boolean {
  return added.length > 0 || changed.length > 0
}

/** The present schema with what is new; orphaned ones stay, for their documents do. */
export function withAdded(present: Vectors, wanted: Vectors): Record<string, VectorDefinition> {
  const { added, rebound } = planVectors(present, wanted)
  const taken = new Set([...added, ...rebound])
  const fresh = Object.entries(wanted).filter(([name]) => taken.has(name))
  return { ...present, ...Object.fromEntries(fresh) }
}

/** `512-d cosine`, `sparse`. */
export function shapeOf({ type, dimensions, distance }: VectorDefinition): string {
  return type === 'sparse' ? 'sparse' : `${dimensions}-d ${distance}`
}
