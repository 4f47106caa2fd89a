import type { TaskStatus } from '../tasks/task.ts'

/** Objects as one accepted unit of work (contract 14). `COLLECTION`: its rows come from upstream documents. */
export interface Batch {
  id: string
  namespaceId: string
  bucketId: string
  name: string | null
  type: 'BUCKET' | 'COLLECTION'
  status: TaskStatus
  /** Null until submit, or as the caller restricted it. */
  collectionIds: string[] | null
  /** Collections tier by tier, fixed at submit. */
  tiers: string[][]
  currentTier: number
  taskId: string | null
  /** Grows with each job that works on it: effects of an older job are refused. */
  fence: number
  metadata: Record<string, unknown>
  error: string | null
  createdAt: Date
  updatedAt: Date
}

/** Rows of the ledger by their state: accepted = written + failed + skipped + pending at any time (design 3). */
export interface LedgerSums {
  accepted: number
  written: number
  failed: number
  skipped: number
  /** `extracted` ones among them: nothing is written before a flush covers it. */
  pending: number
  /** Documents of the written rows. */
  documents: number
}

/** One object × collection of a batch; for a collection's source, one document × collection. */
export interface LedgerRow {
  collectionId: string
  /** `obj_…`, or `doc_…` where the source is a collection. */
  sourceId: string
}

/** What became of a row. */
export type RowOutcome =
  | { state: 'written'; row: LedgerRow; documents: number }
  /** With the number of its documents where they were made, and the engine refused or lost them. */
  | { state: 'failed'; row: LedgerRow; errorType: ErrorType; reason: string; documents?: number }
  /** With an error type where the extractor passed it over: not asked for, as by a filter, and no failure either. */
  | { state: 'skipped'; row: LedgerRow; reason: string; errorType?: ErrorType }

/** Contract 14, ErrorDetail. */
export type ErrorType =
  | 'dependency'
  | 'authentication'
  | 'validation'
  | 'runtime'
  | 'network'
  | 'resource'

/** Those that another attempt may not meet again. */
export const transientErrors: readonly ErrorType[] = ['network', 'resource', 'dependency']

/** Statuses of a batch that has a job, or is to have one. */
export const activeStatuses = ['PENDING', 'IN_PROGRESS', 'PROCESSING'] as const
