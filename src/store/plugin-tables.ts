import type { ColumnType } from 'kysely'
import type { DeploymentState, DeploymentType } from '../domain/plugins/plugin.ts'
import type { PluginManifest } from '../ports/plugin-host.ts'
import type { Json, Time } from './column-types.ts'

export interface PluginTable {
  id: string
  organization_id: string
  /** Null: the organization's, for its namespaces to enable. */
  namespace_id: string | null
  /** `hash_text_1_0_0`; unique in the namespace, or among the organization's own. */
  plugin_id: string
  name: string
  version: string
  description: string
  /** SHA-256 under which the blob store has the archive as it came. */
  archive_hash: string
  archive_bytes: number
  code_hash: string
  validation_status: 'passed' | 'failed'
  validation_errors: Json<string[]>
  warnings: Json<string[]>
  security_scan_passed: boolean
  manifest: Json<PluginManifest | null> | null
  created_at: Time
  updated_at: Time
}

export interface PluginDeploymentTable {
  namespace_id: string
  plugin_row_id: string
  state: DeploymentState
  type: DeploymentType
  error: string | null
  /** Of the enabling; collections' parameters go over them. */
  params: ColumnType<Record<string, unknown>, string | undefined, string>
  queued_at: Time | null
  deployed_at: Time | null
  updated_at: Time
}

export interface PluginUploadTable {
  id: string
  organization_id: string
  namespace_id: string | null
  name: string
  version: string
  description: string
  size_bytes_declared: number | null
  archive_hash: string | null
  archive_bytes: number | null
  plugin_row_id: string | null
  expires_at: Time
  created_at: Time
}
