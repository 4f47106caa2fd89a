import type { Generated } from 'kysely'
import type { ArchiveHeader } from '../domain/archive/archive.ts'
import type { Json, Time } from './column-types.ts'

export interface LoadTable {
  /** The archive's. */
  id: string
  state: 'loading' | 'loaded'
  header: Json<ArchiveHeader>
  /** Whose key began it. */
  organization_id: string
  created_at: Generated<Date>
  ended_at: Time | null
}

export interface LoadPartTable {
  load_id: string
  part: string
  position: number
}
