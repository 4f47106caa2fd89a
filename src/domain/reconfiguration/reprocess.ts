import type { Ports } from '../../ports/ports.ts'
import { lockNamespaceRow, takeGeneration } from '../../store/reconfigurations.ts'
import { planTiers } from '../batches/plan-tiers.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { collectionSpec } from '../namespaces/merge-vectors.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { createTask } from '../tasks/create-task.ts'
import { newReconfiguration, orBusy, writeIntent } from './begin.ts'
import { buildIndexes } from './build-indexes.ts'
import { addFilling } from './fill-generation.ts'
import { mustMove } from './move.ts'
import { planNow } from './plan-now.ts'
import type { ReconfigurePlan } from './plan-reconfigure.ts'
import { needsEngine } from './plan-vectors.ts'
import type { Reconfiguration } from './reconfiguration.ts'
import { comingOf, current, givenUp, refuseLosses, type Recreated } from './recreate.ts'
import { reconfigureTaskType } from './reconfigure-task.ts'

/**
 * Begins a new generation that is filled from the originals before it becomes live (design 4): from here on every write
 * goes to both, a job makes the documents again, and search never goes empty. Throws `conflict` as `recreate` does, but
 * for running batches: what they write goes to both as well.
 */
export async function beginReprocess(ports: Ports, given: Namespace): Promise<Recreated> {
  return await ports.leases.exclusive(given.id, 'beginning a reconfigure', async (lease) => {
    const namespace = await current(ports, given.id, lease)
    const plan = await planNow(ports, namespace, 'recreate', true)
    if (!needsEngine(plan.vectors)) return { plan, reconfiguration: null }
    refuseLosses(plan)
    const begun = await begin(ports, namespace, plan)
    try {
      const coming = comingOf(namespace, begun)
      await ports.vectors.createCollection(collectionOf(coming), collectionSpec(coming.vectors))
      await buildIndexes(ports, coming)
      await lease.check()
      const filling = await ports.db.transaction().execute(async (tx) => {
        const moved = await mustMove(tx, begun, 'filling_begun')
        await addFilling(tx, ports, begun.id)
        return moved
      })
      return { plan, reconfiguration: filling }
    } catch (error) {
      throw await givenUp(ports, begun, error)
    }
  })
}

async function begin(
  ports: Ports,
  namespace: Namespace,
  plan: ReconfigurePlan,
): Promise<Reconfiguration> {
  const tiers = planTiers(await collectionsOf(ports, namespace.id))
  const collections = tiers.flat().map(({ id }) => id)
  return await orBusy(ports.db, namespace.id, () =>
    ports.db.transaction().execute(async (tx) => {
      await lockNamespaceRow(tx, namespace.id)
      const { organizationId, id: namespaceId } = namespace
      const task = await createTask(tx, ports, {
        organizationId,
        namespaceId,
        type: reconfigureTaskType,
        additionalData: {
          namespace_id: namespaceId,
          operation: 'reconfigure',
          documents: plan.points,
        },
      })
      const reconfiguration = newReconfiguration(ports, namespace, {
        strategy: 'recreate',
        isReprocess: true,
        state: 'building',
        toGeneration: await takeGeneration(tx, namespaceId),
        vectorsAfter: plan.after,
        previousPoints: plan.points,
        progress: { documents: plan.points, collections, cursor: { collection: -1, after: null } },
        taskId: task.id,
      })
      await writeIntent(tx, ports, reconfiguration)
      return reconfiguration
    }),
  )
}
