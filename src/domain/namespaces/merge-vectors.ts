import type { EmbeddingModel } from '../../ports/embedder.ts'
import type { CollectionSpec, Distance } from '../../ports/vector-engine.ts'
import { fail } from '../failure.ts'
import type { Extractor } from '../extractors/extractor.ts'
import type { VectorDefinition } from './namespace.ts'

/**
 * Storage vector name → definition of everything the extractors fill. One name declared alike by two is one vector;
 * declared differently it is a `conflict` that names both.
 */
export function mergeVectors(
  extractors: readonly Extractor[],
  model: EmbeddingModel,
): Record<string, VectorDefinition> {
  const vectors: Record<string, VectorDefinition> = {}
  for (const vector of extractors.flatMap((extractor) => extractor.vectors(model))) {
    const earlier = vectors[vector.name]
    if (earlier && !isSameSpace(earlier, vector)) {
      throw fail('conflict', {
        reason: `${String(earlier.extractorId)} and ${String(vector.extractorId)} both declare the vector '${vector.name}', but differently.`,
        details: { vector: vector.name, extractors: [earlier.extractorId, vector.extractorId] },
      })
    }
    vectors[vector.name] ??= vector
  }
  return vectors
}

const distances: Record<VectorDefinition['distance'], Distance> = {
  cosine: 'Cosine',
  dot: 'Dot',
  euclidean: 'Euclid',
  manhattan: 'Manhattan',
}

/** The engine's collection for these vectors; always named ones, possibly none (design 3). */
export function collectionSpec(
  vectors: Readonly<Record<string, VectorDefinition>>,
): CollectionSpec {
  const spec: CollectionSpec = { vectors: {}, sparse_vectors: {} }
  for (const { name, type, dimensions, distance } of Object.values(vectors)) {
    if (type === 'sparse') spec.sparse_vectors[name] = {}
    else if (dimensions !== null)
      spec.vectors[name] = { size: dimensions, distance: distances[distance] }
  }
  return spec
}

/** Whether the engine could not tell them apart: what is stored under one can stand under the other. */
export function isSameShape(
  a: VectorDefinition | undefined,
  b: VectorDefinition | undefined,
): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.type === b.type &&
    a.dimensions === b.dimensions &&
    (a.type === 'sparse' || a.distance === b.distance)
  )
}

function isSameSpace(a: VectorDefinition, b: VectorDefinition): boolean {
  return isSameShape(a, b) && a.inferenceName === b.inferenceName
}
