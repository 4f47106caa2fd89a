import type { EmbeddingModel } from '../../ports/embedder.ts'
import type { NameRules } from '../resource-name.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'

/** `creating` is finished or undone by the next start; `loading` stands until its archive is whole; `deleting` by its job. */
export type NamespaceState = 'creating' | 'loading' | 'ready' | 'deleting'

/**
 * The isolation boundary: exactly one engine collection, reached through the alias `alias`.
 * The physical collection is `<id>_g<generation>` (design 3).
 */
export interface Namespace {
  id: string
  organizationId: string
  name: string
  description: string | null
  namespaceType: 'standard' | 'marketplace'
  state: NamespaceState
  generation: number
  featureExtractors: NamespaceExtractor[]
  /** Storage vector name → definition. */
  vectors: Record<string, VectorDefinition>
  /** Fixed at creation; its dimension is that of the text extractor's vector. */
  embedding: EmbeddingModel
  payloadIndexes: PayloadIndex[]
  autoCreateIndexes: boolean
  infrastructure: Record<string, unknown>
  createdAt: Date
  updatedAt: Date
}

export interface NamespaceExtractor {
  feature_extractor_name: string
  version: string
  feature_extractor_id: string
  params?: Record<string, unknown>
}

/** A named vector of the namespace's collection, and which extractor fills it, if any does. */
export interface VectorDefinition {
  name: string
  description: string
  type: 'dense' | 'sparse'
  dimensions: number | null
  distance: 'cosine' | 'dot' | 'euclidean' | 'manhattan'
  /** Null for a vector of the client's own. */
  inferenceName: string | null
  /** `text_extractor_v1`; null for a vector of the client's own. */
  extractorId: string | null
  /** `mixpeek://text_extractor@v1/<output>`, the canonical form in answers; of a client's own vector its name. */
  featureUri: string
}

/** The alias through which every read and write goes. */
export function aliasOf(namespace: Pick<Namespace, 'id'>): string {
  return namespace.id
}

/** The engine's own collection of one generation. */
export function collectionOf(namespace: Pick<Namespace, 'id' | 'generation'>): string {
  return `${namespace.id}_g${namespace.generation}`
}

/** Contract 1.1, design 6: `ns_…` are ids, and ids win over names. */
export const namespaceNameRules: NameRules = {
  idPrefix: 'ns',
  reserved: ['list', 'migrations'],
  lengthMax: 255,
}
