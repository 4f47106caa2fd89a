import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { aliasOf } from '../../src/domain/namespaces/namespace.ts'
import { addPlugin } from '../../src/domain/plugins/add-plugin.ts'
import { deployedPlugins } from '../../src/domain/plugins/deployed-plugins.ts'
import { finishDeployment } from '../../src/domain/plugins/finish-deployment.ts'
import { settleReconfigurations } from '../../src/domain/reconfiguration/settle-reconfigurations.ts'
import { readNamespaceById } from '../../src/store/namespaces.ts'
import { beginDeployment } from '../../src/store/plugins.ts'
import { everyCrash } from '../support/crash.ts'
import { noPlugins, packPlugin } from '../support/plugins.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'
import { lengthPlugin } from '../support/upload-plugin.ts'

const skip = await noPlugins()

test(
  'a deployment that crashed anywhere is brought to its end by the next attempt: deployed, its vectors there, once',
  { skip },
  async () => {
    await using ports = await openTestPorts()
    const admin = await adminOf(ports)
    const spec = NewNamespace.parse({ namespace_name: 'films' })
    const { id: namespaceId } = await createNamespace(ports, admin, spec)
    const archive = await ports.blobs.put(packPlugin(lengthPlugin('lengths')))
    const scope = { organizationId: admin.organizationId, namespaceId }
    const claim = { name: 'lengths', version: '1.0.0', description: '' }
    const named = { ...claim, pluginId: 'lengths_1_0_0' }
    const { id: pluginRowId } = await addPlugin(ports, scope, named, archive)

    const points = await everyCrash(
      async () => {
        await ports.vectors.dropVector(aliasOf({ id: namespaceId }), 'v')
        await ports.db
          .updateTable('namespaces')
          .set({ vectors: '{}', feature_extractors: '[]' })
          .execute()
        await ports.db.deleteFrom('reconfigurations').execute()
        const queued = { state: 'queued', type: 'realtime', at: ports.now() } as const
        await beginDeployment(ports.db, namespaceId, pluginRowId, queued)
        ports.cache.forget('namespaces')
        ports.cache.forget('plugins')
        return { ports, state: null }
      },
      (mortal) => finishDeployment(mortal, { namespaceId, pluginRowId }),
      async (second) => {
        second.cache.forget('plugins')
        await settleReconfigurations(second, namespaceId)
        await finishDeployment(second, { namespaceId, pluginRowId })

        const namespace = await readNamespaceById(second.db, namespaceId)
        const deployed = await deployedPlugins(second, { id: namespaceId })
        const engine = await second.vectors.describeCollection(aliasOf({ id: namespaceId }))
        assert.deepEqual(
          deployed.map(({ pluginId, deployment }) => [pluginId, deployment?.state]),
          [['lengths_1_0_0', 'deployed']],
        )
        assert.deepEqual(Object.keys(namespace?.vectors ?? {}), ['v'])
        assert.deepEqual(Object.keys(engine?.vectors ?? {}), ['v'])
        assert.deepEqual(
          namespace?.featureExtractors.map((one) => one.feature_extractor_id),
          ['lengths_1_0_0'],
        )
      },
    )

    assert.ok(points > 7, `${points} crash points`)
  },
)
