import type { StoredBlob } from '../../ports/blob-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  countPlugins,
  deletePluginRow,
  findPluginRows,
  insertPlugin,
  lockPlugins,
  readEnabledPlugins,
} from '../../store/plugins.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import type { PluginClaim } from './plugin-request.ts'
import { keepArchive } from './store-archive.ts'
import type { Plugin, PluginScope } from './plugin.ts'
import { validateArchive } from './validate-archive.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'blobs' | 'plugins' | 'config' | 'now' | 'newId'>

/**
 * A stored archive becomes a plugin, whether it passes or not: one that fails shows why, and the next upload of its
 * name and version replaces it. `also` runs in the transaction that adds the row.
 * Throws `bad_request` for what is no plugin, `already_exists`, `quota_exceeded`, `plugins_unavailable`.
 */
export async function addPlugin(
  ports: Needs,
  scope: PluginScope,
  claim: PluginClaim,
  archive: StoredBlob,
  options: { also?: (tx: Db, plugin: Plugin) => Promise<void>; signal?: AbortSignal } = {},
): Promise<Plugin> {
  await refuseTaken(ports.db, ports, scope, claim)
  const validation = await validateArchive(ports, scope, claim, archive.hash, options.signal)
  const at = ports.now()
  const plugin: Plugin = {
    id: ports.newId('plg'),
    ...scope,
    pluginId: claim.pluginId,
    name: claim.name,
    version: claim.version,
    description: claim.description || (validation.manifest?.description ?? ''),
    archiveHash: archive.hash,
    archiveBytes: archive.sizeBytes,
    ...validation,
    deployment: null,
    createdAt: at,
    updatedAt: at,
  }
  await ports.db.transaction().execute(async (tx) => {
    await lockPlugins(tx, scope)
    const failed = await refuseTaken(tx, ports, scope, claim)
    if (failed) await deletePluginRow(tx, failed.id)
    await keepArchive(ports, tx, archive.hash)
    await insertPlugin(tx, plugin)
    await options.also?.(tx, plugin)
  })
  ports.cache.forget('plugins')
  return plugin
}

/**
 * The plugin of this name and version that failed and may be replaced, if there is one.
 * Throws `already_exists` for any other, `quota_exceeded` where the scope is full.
 */
export async function refuseTaken(
  db: Db,
  { config }: Pick<Ports, 'config'>,
  scope: PluginScope,
  { pluginId, name }: Pick<PluginClaim, 'pluginId' | 'name'>,
): Promise<Plugin | null> {
  const own = await findPluginRows(db, scope, { pluginIds: [pluginId], name })
  const enabled = scope.namespaceId === null ? [] : await readEnabledPlugins(db, scope.namespaceId)
  const same = [...own, ...enabled].find((one) => one.pluginId === pluginId) ?? null
  if (same && (same.validationStatus === 'passed' || same.namespaceId !== scope.namespaceId)) {
    throw fail('already_exists', { resource: 'plugin', name: pluginId })
  }
  const current = await countPlugins(db, scope)
  if (same === null && current >= config.pluginsMax) {
    const resource = scope.namespaceId === null ? 'plugins of the organization' : 'plugins'
    throw fail('quota_exceeded', { resource, current, limit: config.pluginsMax })
  }
  return same
}
