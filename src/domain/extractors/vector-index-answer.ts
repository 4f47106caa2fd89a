import { z } from 'zod'
import type { VectorDefinition } from '../namespaces/namespace.ts'

/** Contract 9.4, whose bounds generated clients enforce. */
export const VectorIndexAnswer = z.object({
  name: z.string().min(1),
  description: z.string().min(10),
  type: z.literal('single'),
  feature_uri: z.string(),
  index: z.object({
    name: z.string(),
    description: z.string().min(10),
    type: z.enum(['dense', 'sparse']),
    dimensions: z.int().min(1).nullable(),
    distance: z.enum(['cosine', 'dot', 'euclidean', 'manhattan']),
    inference_name: z.string().nullable(),
    supported_inputs: z.array(z.literal('text')).optional(),
    purpose: z.enum(['text', 'sparse']).optional(),
  }),
})

/** A vector as collections, extractors and features show it; the name is that of its storage. */
export function vectorIndexAnswer(vector: VectorDefinition): z.infer<typeof VectorIndexAnswer> {
  const description = `${vector.description}${vector.description.length < 10 ? ' (vector)' : ''}`
  return {
    name: vector.name,
    description,
    type: 'single',
    feature_uri: vector.featureUri,
    index: {
      name: vector.name,
      description,
      type: vector.type,
      dimensions: vector.dimensions,
      distance: vector.distance,
      inference_name: vector.inferenceName,
    },
  }
}
