import type { Selectable } from 'kysely'
import type { Plugin, PluginDeployment } from '../domain/plugins/plugin.ts'
import type { Db, Tables } from './tables.ts'

type PluginRow = Selectable<Tables['plugins']>
type DeploymentRow = Selectable<Tables['plugin_deployments']>

/** Where plugins are looked for: a namespace's own with those of the organization, or the organization's alone. */
export interface PluginScope {
  organizationId: string
  namespaceId: string | null
}

/** What runs in the namespace, its own or its organization's, by plugin id. */
export async function readDeployedPlugins(db: Db, namespaceId: string): Promise<Plugin[]> {
  const deployments = await db
    .selectFrom('plugin_deployments')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('state', '=', 'deployed')
    .execute()
  if (deployments.length === 0) return []
  const ids = deployments.map(({ plugin_row_id }) => plugin_row_id)
  const rows = await db
    .selectFrom('plugins')
    .selectAll()
    .where('id', 'in', ids)
    .orderBy('plugin_id')
    .execute()
  const byPlugin = new Map(deployments.map((row) => [row.plugin_row_id, row]))
  return rows.map((row) => pluginOf(row, byPlugin.get(row.id) ?? null))
}

export function pluginOf(row: PluginRow, deployment: DeploymentRow | null): Plugin {
  return {
    id: row.id,
    organizationId: row.organization_id,
    namespaceId: row.namespace_id,
    pluginId: row.plugin_id,
    name: row.name,
    version: row.version,
    description: row.description,
    archiveHash: row.archive_hash,
    archiveBytes: row.archive_bytes,
    codeHash: row.code_hash,
    validationStatus: row.validation_status,
    validationErrors: row.validation_errors,
    warnings: row.warnings,
    isScanPassed: row.security_scan_passed,
    manifest: row.manifest,
    deployment: deployment && deploymentOf(deployment),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function deploymentOf(row: DeploymentRow): PluginDeployment {
  return {
    namespaceId: row.namespace_id,
    state: row.state,
    type: row.type,
    error: row.error,
    params: row.params,
    queuedAt: row.queued_at,
    deployedAt: row.deployed_at,
  }
}
