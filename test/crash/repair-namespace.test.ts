import assert from 'node:assert/strict'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { countDocuments } from '../../src/domain/documents/read.ts'
import { collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { orderRepair, repairNamespace } from '../../src/domain/namespaces/repair-namespace.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readActiveBatches } from '../../src/store/batches.ts'
import { readTask } from '../../src/store/tasks.ts'
import { everyCrash } from '../support/crash.ts'
import { openFilmNamespace } from '../support/film-namespace.ts'
import { openTestPorts } from '../support/ports.ts'

test('a damaged namespace has its documents and a batch that makes them again, wherever its repair crashed', async () => {
  // One open shard: who opens another one closes it.
  await using ports = await openTestPorts({ NACRE_OPEN_SHARDS_MAX: '1' })
  await ports.vectors.createCollection('other', { vectors: {}, sparse_vectors: {} })
  const open = async () => {
    const { namespace } = await openFilmNamespace(ports, { extracted: 3, byHand: 2 })
    await ports.vectors.scroll('other', { limit: 1 })
    await damage(ports, namespace)
    const task = await orderRepair(ports, namespace)
    return { ports, state: { namespace, taskId: task.id } }
  }
  const repair = (one: Ports, { id, organizationId }: Namespace, taskId: string) =>
    repairNamespace(one, { organizationId, namespaceId: id, taskId }, new AbortController().signal)

  const deaths = await everyCrash(
    open,
    (mortal, { namespace, taskId }) => repair(mortal, namespace, taskId),
    async (second, { namespace, taskId }) => {
      await repair(second, namespace, taskId)

      const task = await readTask(second.db, namespace.organizationId, taskId)
      assert.deepEqual([task?.status, task?.error], ['COMPLETED', null])
      assert.equal(await countDocuments(second, namespace, { collectionIds: null }, null), 5)
      const schema = await second.vectors.describeCollection(collectionOf(namespace))
      assert.equal(schema?.payload_schema['year']?.type, 'integer')
      const batches = await readActiveBatches(second.db, { namespaceId: namespace.id })
      assert.ok(batches.length > 0, 'no batch makes the documents again')
    },
    { stride: 5 },
  )

  assert.ok(deaths > 2, `it died ${deaths} times`)
})

/** As a repair leaves it that was killed: the collection has no shard, what it had stands aside. */
async function damage({ config }: Ports, namespace: Namespace): Promise<void> {
  const engine = join(config.dataFolder, 'qdrant')
  const collection = join(engine, 'collections', collectionOf(namespace))
  await mkdir(join(engine, 'broken'), { recursive: true })
  await rename(join(collection, 'shard'), join(engine, 'broken', collectionOf(namespace)))
  await rm(join(collection, 'summary.json'))
}
