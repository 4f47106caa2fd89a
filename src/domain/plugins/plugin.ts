import type { PluginManifest } from '../../ports/plugin-host.ts'

/** Contract 10.3, status words; lower case (plugin-contract 9.1). */
export const deploymentStates = [
  'not_deployed',
  'queued',
  'pending',
  'in_progress',
  'deployed',
  'failed',
] as const
export type DeploymentState = (typeof deploymentStates)[number]
/** A deployment that a job has still to bring to its end. */
export const unfinishedStates: readonly DeploymentState[] = ['queued', 'pending', 'in_progress']

export type DeploymentType = 'batch_only' | 'realtime'

/** A user's extractor: one version of it, checked, its archive in the blob store under `archiveHash`. */
export interface Plugin {
  /** Of its row, `plg_…`: clients know `pluginId`. */
  id: string
  organizationId: string
  /** Null: the organization's own, for its namespaces to enable. */
  namespaceId: string | null
  /** `hash_text_1_0_0`. */
  pluginId: string
  name: string
  /** `X.Y.Z`. */
  version: string
  description: string
  archiveHash: string
  archiveBytes: number
  codeHash: string
  validationStatus: 'passed' | 'failed'
  validationErrors: string[]
  warnings: string[]
  isScanPassed: boolean
  /** Null where it could not be read: then it has not passed. */
  manifest: PluginManifest | null
  /** In the namespace it was read for; null where it was never deployed or enabled there. */
  deployment: PluginDeployment | null
  createdAt: Date
  updatedAt: Date
}

export interface PluginDeployment {
  namespaceId: string
  state: DeploymentState
  type: DeploymentType
  error: string | null
  /** Given when it was enabled; a collection's parameters go over them (plugin-contract 3.5). */
  params: Record<string, unknown>
  queuedAt: Date | null
  deployedAt: Date | null
}

/** Whose plugins: one namespace's own, or the organization's where `namespaceId` is null. */
export interface PluginScope {
  organizationId: string
  namespaceId: string | null
}

/** An archive that is to come by a signed URL, and what it is to be. */
export interface PluginUpload extends PluginScope {
  id: string
  name: string
  /** `X.Y.Z`. */
  version: string
  description: string
  sizeBytesDeclared: number | null
  archive: { hash: string; sizeBytes: number } | null
  /** Once it is confirmed. */
  pluginRowId: string | null
  expiresAt: Date
  createdAt: Date
}
