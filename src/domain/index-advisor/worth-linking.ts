import type { Namespace } from '../namespaces/namespace.ts'
import type { ShapeUsage } from '../../store/query-usage.ts'

/** Qdrant's own figures where nobody set others: 10,000 KB are compared one by one rather than found in a graph. */
const fullScanKbDefault = 10_000
const bytesOfNumber = 4

/** Points of this vector that the engine compares one by one rather than search its graph. */
export function fullScanPoints(dimensions: number, fullScanKb: number | undefined): number {
  return Math.floor(((fullScanKb ?? fullScanKbDefault) * 1024) / (dimensions * bytesOfNumber))
}

/** Dimensions of a dense vector that the namespace has; null for others. */
export function denseDimensions({ vectors }: Namespace, name: string | null): number | null {
  const vector = name === null ? undefined : vectors[name]
  return vector?.type === 'dense' ? vector.dimensions : null
}

/** Shapes of searches by a dense vector that filter by one of the paths. */
export function linkableShapes(
  namespace: Namespace,
  shapes: readonly ShapeUsage[],
  paths: ReadonlySet<string>,
): ShapeUsage[] {
  return shapes.filter(
    (shape) =>
      shape.kind === 'search' &&
      denseDimensions(namespace, shape.using) !== null &&
      shape.paths.some((path) => paths.has(path)),
  )
}

/** A filter that leaves more than this share of the documents leaves the graph connected (bench/links.ts). */
const sharedMax = 0.75

/**
 * Whether a search among `matching` of `documents` goes by the graph (fewer are compared one by one), and through parts
 * of it that are not connected without links: measured, such a search found 7 % of the nearest among a tenth of the
 * documents, and all of them with links.
 */
export function usesLinks(matching: number, documents: number, fullScan: number): boolean {
  return matching >= fullScan && matching <= documents * sharedMax
}
