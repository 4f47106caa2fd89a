import type { EmbeddingModel } from '../../ports/embedder.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { FieldType, BucketField } from '../buckets/bucket.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'

/** What an extractor declares: the catalogue, namespaces and collections read this object. */
export interface Extractor {
  /** `text_extractor_v1`. */
  id: string
  name: string
  version: string
  source: 'builtin' | 'custom'
  description: string
  icon: string
  /** Input name → field; at least one of the required ones must be mapped. */
  inputs: Record<string, BucketField>
  /** Input → field that it reads where a collection says nothing; of a plugin, as its manifest declares them. */
  defaultMappings?: Readonly<Record<string, string>>
  /** Of a plugin: the feature URI as its author wrote it, which need not be one of its vectors (plugin-contract 2.3). */
  declaredUri?: string | null
  /** Fields it adds to a document, besides passthrough. */
  outputs: Record<string, BucketField>
  /** JSON Schema of its parameters. */
  parameterSchema: Record<string, unknown>
  defaultParameters: Record<string, unknown>
  supportedInputTypes: readonly FieldType[]
  maxInputs: Record<string, number>
  /** Names of the values that tell apart the documents of one object. */
  positionFields: readonly string[]
  requiredPayloadIndexes: readonly { fieldName: string; schema: PayloadFieldSchema }[]
  /** The vectors a namespace with this model needs for it. */
  vectors(model: EmbeddingModel): VectorDefinition[]
  /**
   * Canonical parameters with defaults, and warnings worth telling: a documented model that is not run here, beside
   * the name of the one that is, where `model` (the namespace's) is given.
   * Throws `request_invalid` below `location` for an unknown name (with the nearest known one) or a bad value.
   */
  parseParameters(
    given: Record<string, unknown>,
    location: (string | number)[],
    model?: EmbeddingModel,
  ): { parameters: Record<string, unknown>; warnings: string[] }
}
