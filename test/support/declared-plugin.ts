import type { PluginFeature } from '../../src/ports/plugin-host.ts'
import type { Ports } from '../../src/ports/ports.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { pluginIdOf } from '../../src/domain/plugins/plugin-id.ts'
import {
  beginDeployment,
  changeDeployment,
  deleteDeployment,
  findPluginRows,
  insertPlugin,
} from '../../src/store/plugins.ts'

export type DeclaredFeature = Pick<PluginFeature, 'name' | 'dimensions'> &
  Partial<Pick<PluginFeature, 'distance'>>

/** A plugin as its rows say it is, deployed; nothing of it is ever run, so no Python is needed. */
export async function declarePlugin(
  ports: Ports,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
  { name, version = '1.0.0' }: { name: string; version?: string },
  features: readonly DeclaredFeature[],
): Promise<string> {
  const at = ports.now()
  const id = ports.newId('plg')
  const pluginId = pluginIdOf(name, version)
  await insertPlugin(ports.db, {
    id,
    organizationId: namespace.organizationId,
    namespaceId: namespace.id,
    pluginId,
    name,
    version,
    description: '',
    archiveHash: '0'.repeat(64),
    archiveBytes: 1,
    codeHash: '0'.repeat(64),
    validationStatus: 'passed',
    validationErrors: [],
    warnings: [],
    isScanPassed: true,
    manifest: {
      name,
      version,
      description: '',
      features: features.map((feature) => ({ distance: 'cosine', ...feature })),
      dependencies: [],
      profile: { batchSize: 64, maxConcurrency: 1, memoryBytes: 1 << 30 },
      featureUri: null,
      inputSchema: null,
      outputSchema: null,
      parameterSchema: null,
      inputMappings: {},
      supportedInputTypes: [],
      positionFields: [],
      hasRealtime: false,
      declared: {},
    },
    deployment: null,
    createdAt: at,
    updatedAt: at,
  })
  await beginDeployment(ports.db, namespace.id, id, { state: 'queued', type: 'batch_only', at })
  await changeDeployment(ports.db, namespace.id, id, ['queued'], {
    state: 'deployed',
    deployedAt: at,
    at,
  })
  ports.cache.forget('plugins')
  return pluginId
}

/** Takes it out of the namespace's deployed plugins. */
export async function undeclarePlugin(
  ports: Ports,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
  pluginId: string,
): Promise<void> {
  const scope = { organizationId: namespace.organizationId, namespaceId: namespace.id }
  const [row] = await findPluginRows(ports.db, scope, { pluginIds: [pluginId], name: '' })
  if (row) await deleteDeployment(ports.db, namespace.id, row.id)
  ports.cache.forget('plugins')
}
