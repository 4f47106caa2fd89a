import type { Generated } from 'kysely'
import type { NamespaceExtractor, VectorDefinition } from '../domain/namespaces/namespace.ts'
import type {
  ReconfigurationProgress,
  ReconfigurationState,
  ReconfigureStrategy,
} from '../domain/reconfiguration/reconfiguration.ts'
import type { Json, Time } from './column-types.ts'

export interface ReconfigurationTable {
  id: string
  organization_id: string
  namespace_id: string
  strategy: ReconfigureStrategy
  reprocess: boolean
  state: ReconfigurationState
  fence: Generated<number>
  from_generation: number
  to_generation: number | null
  vectors_before: Json<Record<string, VectorDefinition>>
  vectors_after: Json<Record<string, VectorDefinition>>
  extractors_after: Json<NamespaceExtractor[] | null> | null
  previous_points: number
  progress: Json<ReconfigurationProgress>
  task_id: string | null
  error: string | null
  switched_at: Time | null
  retained_until: Time | null
  created_at: Time
  updated_at: Time
}
