import type { FoundDocument } from './stage.ts'

export interface StageStatistics {
  input_count: number
  output_count: number
  duration_ms: number
  efficiency: number
  cache_hit: boolean
  metadata?: Record<string, unknown>
}

/** What became of a stage. Its documents are null where they are not read yet: a later stage's read is theirs too. */
export type StageOutcome =
  | { state: 'begun' }
  | { state: 'done'; documents: readonly FoundDocument[] | null; statistics: StageStatistics }
  | { state: 'failed'; error: unknown }

export type StageProgress = StageOutcome & {
  executionId: string
  name: string
  /** From 0. */
  index: number
  total: number
  /** Since the execution began. */
  elapsedMs: number
}
