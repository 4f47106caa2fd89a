import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { removeUnusedBlobs } from '../../src/domain/objects/remove-unused-blobs.ts'
import { deleteOrganizationPlugin, deletePlugin } from '../../src/domain/plugins/delete-plugin.ts'
import { disablePlugin, enablePlugin } from '../../src/domain/plugins/enable-plugin.ts'
import { undeployPlugin } from '../../src/domain/plugins/undeploy-plugin.ts'
import { isFailure } from '../../src/domain/failure.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { changeNamespaceExtractors, readNamespaceById } from '../../src/store/namespaces.ts'
import { everyCrash } from '../support/crash.ts'
import { declarePlugin } from '../support/declared-plugin.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

/** A plugin of its own in each world; nothing of it is ever run. */
interface World {
  namespace: Namespace
  pluginId: string
  archiveHash: string
}

test('a plugin runs or not, and is there with its archive or gone with it, wherever its removal crashed', async () => {
  await using ports = await openTestPorts()
  const namespace = await newNamespace(ports)

  const points = await everyCrash(
    () => newWorld(ports, namespace, 'own'),
    async (mortal, world) => {
      await undeployPlugin(mortal, namespace, world.pluginId)
      await deletePlugin(mortal, namespace, world.pluginId, { force: true })
    },
    async (second, world) => {
      await isWhole(second, world)
      await orGone(deletePlugin(second, namespace, world.pluginId, { force: true }))
      await isGone(second, world)
    },
  )

  assert.ok(points >= 4, `${points} crash points`)
})

test('a plugin of the organization is enabled or not, there or gone, wherever its removal crashed', async () => {
  await using ports = await openTestPorts()
  const namespace = await newNamespace(ports)

  const points = await everyCrash(
    () => newWorld(ports, namespace, 'shared'),
    async (mortal, world) => {
      const { organizationId } = namespace
      await disablePlugin(mortal, namespace, world.pluginId)
      await enablePlugin(mortal, namespace, world.pluginId, { params: {}, deploy: false })
      await deleteOrganizationPlugin(mortal, organizationId, world.pluginId, { force: true })
    },
    async (second, world) => {
      const { organizationId } = namespace
      await isWhole(second, world)
      await orGone(
        deleteOrganizationPlugin(second, organizationId, world.pluginId, { force: true }),
      )
      await isGone(second, world)
    },
  )

  assert.ok(points >= 5, `${points} crash points`)
})

async function newNamespace(ports: Ports): Promise<Namespace> {
  const spec = NewNamespace.parse({ namespace_name: 'films' })
  return await createNamespace(ports, await adminOf(ports), spec)
}

let worlds = 0

/** Deployed, with an archive that nothing else names. */
async function newWorld(ports: Ports, namespace: Namespace, kind: 'own' | 'shared') {
  const name = `plugin_${worlds++}`
  const { hash: archiveHash } = await ports.blobs.put(Buffer.from(name))
  const pluginId = await declarePlugin(ports, namespace, { name }, [{ name: 'v', dimensions: 4 }])
  await ports.db
    .updateTable('plugins')
    .set({ archive_hash: archiveHash, ...(kind === 'shared' && { namespace_id: null }) })
    .where('plugin_id', '=', pluginId)
    .execute()
  await changeNamespaceExtractors(ports.db, namespace.id, ports.now(), (extractors) => [
    ...extractors,
    { feature_extractor_name: name, version: '1.0.0', feature_extractor_id: pluginId },
  ])
  ports.cache.forget('plugins')
  ports.cache.forget('namespaces')
  const state: World = { namespace, pluginId, archiveHash }
  return { ports, state }
}

/** One of the namespace's extractors if it is deployed, and only then; its archive as long as it is there. */
async function isWhole({ db, blobs }: Ports, world: World): Promise<void> {
  const { pluginId, archiveHash } = world
  const row = await db
    .selectFrom('plugins')
    .leftJoin('plugin_deployments', 'plugin_row_id', 'plugins.id')
    .select('plugin_deployments.state')
    .where('plugin_id', '=', pluginId)
    .executeTakeFirst()
  assert.equal(await isExtractor({ db }, world), row?.state === 'deployed')
  if (row) assert.ok(await blobs.has(archiveHash))
}

async function isGone(ports: Ports, world: World): Promise<void> {
  // As at every start, and every ten minutes.
  await removeUnusedBlobs(ports)
  const rows = await ports.db
    .selectFrom('plugins')
    .select('id')
    .where('plugin_id', '=', world.pluginId)
    .execute()
  assert.deepEqual(rows, [])
  assert.equal(await isExtractor(ports, world), false)
  assert.equal(await ports.blobs.has(world.archiveHash), false)
}

async function isExtractor({ db }: Pick<Ports, 'db'>, { namespace, pluginId }: World) {
  const found = await readNamespaceById(db, namespace.id)
  return found?.featureExtractors.some((one) => one.feature_extractor_id === pluginId) ?? false
}

async function orGone(deletion: Promise<unknown>): Promise<void> {
  await deletion.catch((error: unknown) => {
    if (!isFailure(error, 'not_found')) throw error
  })
}
