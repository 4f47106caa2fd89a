import { sql, type Selectable } from 'kysely'
import type {
  DeploymentState,
  DeploymentType,
  Plugin,
  PluginDeployment,
  PluginScope,
} from '../domain/plugins/plugin.ts'
import type { Db, Tables } from './tables.ts'

type PluginRow = Selectable<Tables['plugins']>
type DeploymentRow = Selectable<Tables['plugin_deployments']>

/** Plugins of exactly this scope, the newest first, each with its deployment in `namespaceId`. */
export async function readPlugins(
  db: Db,
  scope: PluginScope,
  deployedIn: string | null,
): Promise<Plugin[]> {
  const rows = await inScope(db, scope)
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return await withDeployments(db, rows, deployedIn)
}

/** Those of the scope that have one of these ids or this name, each with its deployment in `deployedIn`. */
export async function findPluginRows(
  db: Db,
  scope: PluginScope,
  { pluginIds, name }: { pluginIds: readonly string[]; name: string },
  deployedIn = scope.namespaceId,
): Promise<Plugin[]> {
  const rows = await inScope(db, scope)
    .selectAll()
    .where((where) => where.or([where('plugin_id', 'in', pluginIds), where('name', '=', name)]))
    .execute()
  return await withDeployments(db, rows, deployedIn)
}

/** The organization's plugins that the namespace has enabled. */
export async function readEnabledPlugins(db: Db, namespaceId: string): Promise<Plugin[]> {
  const rows = await db
    .selectFrom('plugins')
    .innerJoin('plugin_deployments', 'plugin_row_id', 'plugins.id')
    .selectAll('plugins')
    .where('plugin_deployments.namespace_id', '=', namespaceId)
    .where('plugins.namespace_id', 'is', null)
    .orderBy('plugins.created_at', 'desc')
    .orderBy('plugins.id')
    .execute()
  return await withDeployments(db, rows, namespaceId)
}

/** With its deployment in the namespace; null where it is gone. */
export async function readPluginRow(
  db: Db,
  id: string,
  deployedIn: string | null,
): Promise<Plugin | null> {
  const rows = await db.selectFrom('plugins').selectAll().where('id', '=', id).execute()
  return (await withDeployments(db, rows, deployedIn))[0] ?? null
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

export async function countPlugins(db: Db, scope: PluginScope): Promise<number> {
  const { count } = await inScope(db, scope)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Until the transaction ends no other one adds plugins to the scope. */
export async function lockPlugins(db: Db, scope: PluginScope): Promise<void> {
  const key = scope.namespaceId ?? scope.organizationId
  await sql`select pg_advisory_xact_lock(hashtextextended(${`plugins ${key}`}, 0))`.execute(db)
}

/** A unique violation where the scope has a plugin of that id. */
export async function insertPlugin(db: Db, plugin: Plugin): Promise<void> {
  await db
    .insertInto('plugins')
    .values({
      id: plugin.id,
      organization_id: plugin.organizationId,
      namespace_id: plugin.namespaceId,
      plugin_id: plugin.pluginId,
      name: plugin.name,
      version: plugin.version,
      description: plugin.description,
      archive_hash: plugin.archiveHash,
      archive_bytes: plugin.archiveBytes,
      code_hash: plugin.codeHash,
      validation_status: plugin.validationStatus,
      validation_errors: JSON.stringify(plugin.validationErrors),
      warnings: JSON.stringify(plugin.warnings),
      security_scan_passed: plugin.isScanPassed,
      manifest: plugin.manifest && JSON.stringify(plugin.manifest),
      created_at: plugin.createdAt,
      updated_at: plugin.updatedAt,
    })
    .execute()
}

/** Its deployments and uploads go with it; what archive may be unused now, the database notes itself. */
export async function deletePluginRow(db: Db, id: string): Promise<void> {
  await db.deleteFrom('plugins').where('id', '=', id).execute()
}

/** Ids of the namespaces in which it has a deployment of one of these states. */
export async function readNamespacesOf(
  db: Db,
  pluginRowId: string,
  states: readonly DeploymentState[],
): Promise<string[]> {
  const rows = await db
    .selectFrom('plugin_deployments')
    .select('namespace_id')
    .where('plugin_row_id', '=', pluginRowId)
    .where('state', 'in', states)
    .orderBy('namespace_id')
    .execute()
  return rows.map(({ namespace_id }) => namespace_id)
}

export interface NewDeployment {
  state: DeploymentState
  type: DeploymentType
  at: Date
  /** Absent: those of an earlier enabling stay. */
  params?: Record<string, unknown>
}

/** Writes over an earlier deployment of the plugin in the namespace. */
export async function beginDeployment(
  db: Db,
  namespaceId: string,
  pluginRowId: string,
  { state, type, at, params }: NewDeployment,
): Promise<void> {
  const values = {
    state,
    type,
    error: null,
    queued_at: state === 'queued' ? at : null,
    updated_at: at,
    ...(params && { params: JSON.stringify(params) }),
  }
  await db
    .insertInto('plugin_deployments')
    .values({ namespace_id: namespaceId, plugin_row_id: pluginRowId, ...values })
    .onConflict((conflict) =>
      conflict.columns(['namespace_id', 'plugin_row_id']).doUpdateSet(values),
    )
    .execute()
}

export interface DeploymentChange {
  state: DeploymentState
  error?: string | null
  deployedAt?: Date | null
  at: Date
}

/** False, with nothing written, where it is in none of the states `from`: someone else has changed it. */
export async function changeDeployment(
  db: Db,
  namespaceId: string,
  pluginRowId: string,
  from: readonly DeploymentState[],
  { state, error = null, deployedAt, at }: DeploymentChange,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('plugin_deployments')
    .set({
      state,
      error,
      ...(deployedAt !== undefined && { deployed_at: deployedAt }),
      updated_at: at,
    })
    .where('namespace_id', '=', namespaceId)
    .where('plugin_row_id', '=', pluginRowId)
    .where('state', 'in', from)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** False where it was not there. */
export async function deleteDeployment(
  db: Db,
  namespaceId: string,
  pluginRowId: string,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('plugin_deployments')
    .where('namespace_id', '=', namespaceId)
    .where('plugin_row_id', '=', pluginRowId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

function inScope(db: Db, { organizationId, namespaceId }: PluginScope) {
  return db
    .selectFrom('plugins')
    .where('organization_id', '=', organizationId)
    .where('namespace_id', namespaceId === null ? 'is' : '=', namespaceId)
}

async function withDeployments(
  db: Db,
  rows: readonly PluginRow[],
  namespaceId: string | null,
): Promise<Plugin[]> {
  if (rows.length === 0 || namespaceId === null) return rows.map((row) => pluginOf(row, null))
  const ids = rows.map(({ id }) => id)
  const deployments = await db
    .selectFrom('plugin_deployments')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('plugin_row_id', 'in', ids)
    .execute()
  const byPlugin = new Map(deployments.map((row) => [row.plugin_row_id, row]))
  return rows.map((row) => pluginOf(row, byPlugin.get(row.id) ?? null))
}

function pluginOf(row: PluginRow, deployment: DeploymentRow | null): Plugin {
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
