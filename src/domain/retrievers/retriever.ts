import type { BucketField } from '../buckets/bucket.ts'

export const stageCategories = ['filter', 'sort', 'reduce', 'apply', 'enrich'] as const
export type StageCategory = (typeof stageCategories)[number]

/** Canonical form; the dialects of contract 17.1 are turned into it on the way in. */
export interface StageConfig {
  stage_name: string
  stage_type: StageCategory
  config: {
    stage_id: string
    parameters: Record<string, unknown>
    pre_filters?: unknown
    post_filters?: unknown
  }
  batch_size?: string
  description?: string
}

export interface Retriever {
  id: string
  namespaceId: string
  name: string
  description: string | null
  stages: StageConfig[]
  collectionIds: string[]
  /** Flat: input name → field (contract 17.1). */
  inputSchema: Record<string, BucketField>
  budgetLimits: Record<string, unknown>
  tags: string[]
  displayConfig: unknown
  visibility: 'private' | 'public' | 'marketplace'
  version: number
  createdAt: Date
  updatedAt: Date
  createdBy: string | null
}
