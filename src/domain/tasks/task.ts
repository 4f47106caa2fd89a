/** Shared by tasks, batches, uploads, objects and buckets; closed (contract 19). */
export const taskStatuses = [
  'PENDING',
  'IN_PROGRESS',
  'PROCESSING',
  'COMPLETED',
  'COMPLETED_WITH_ERRORS',
  'FAILED',
  'CANCELED',
  'UNKNOWN',
  'SKIPPED',
  'DRAFT',
  'ACTIVE',
  'ARCHIVED',
  'SUSPENDED',
] as const
export type TaskStatus = (typeof taskStatuses)[number]

export const terminalStatuses: readonly TaskStatus[] = [
  'COMPLETED',
  'COMPLETED_WITH_ERRORS',
  'FAILED',
  'CANCELED',
]

/** The part of contract 19's closed list that this version makes. */
export type TaskType =
  | 'api_namespaces_create'
  | 'api_namespaces_delete'
  | 'api_namespaces_migrations_run'
  | 'api_buckets_delete'
  | 'api_buckets_batches_process'
  | 'api_collections_trigger'
  | 'plugin_custom'

/** Long work as a client sees it; kept until its namespace goes. */
export interface Task {
  id: string
  organizationId: string
  namespaceId: string | null
  type: TaskType
  status: TaskStatus
  inputs: unknown[]
  outputs: unknown[]
  additionalData: Record<string, unknown>
  error: string | null
  createdAt: Date
  updatedAt: Date
  finishedAt: Date | null
}
