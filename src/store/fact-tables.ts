import type { ColumnType, Generated } from 'kysely'
import type { KindCounts } from '../domain/payload-facts/path-facts.ts'
import type { Json, Time } from './column-types.ts'

export interface PayloadFactTable {
  namespace_id: string
  generation: number
  kind: 'root_key' | 'path'
  /** The root key, or the payload path in the engine's words. */
  name: string
  /** Of the index that the values are held against; '' for none. */
  type: string
  /** Each census counts in a row of its own. */
  look: number
  is_known: Generated<boolean>
  is_present: Generated<boolean>
  kinds: Json<KindCounts>
  has_lists: Generated<boolean>
  /** Point ids. */
  exceptions: Json<string[]>
  is_overflown: Generated<boolean>
  taken_at: Time | null
  created_at: Generated<Date>
}

export interface PayloadFactEpochTable {
  namespace_id: string
  epoch: ColumnType<string, string | undefined, string>
}
