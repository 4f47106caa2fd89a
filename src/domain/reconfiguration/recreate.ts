import type { Ports } from '../../ports/ports.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'
import { readActiveBatches } from '../../store/batches.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { lockNamespaceRow, takeGeneration } from '../../store/reconfigurations.ts'
import { carryDocuments } from '../documents/carry-documents.ts'
import { flushGeneration } from '../documents/write.ts'
import { generationOf } from '../documents/write-place.ts'
import { fail } from '../failure.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import { collectionSpec } from '../namespaces/merge-vectors.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { convergeOrRestore } from '../payload-indexes/converge-indexes.ts'
import { newReconfiguration, orBusy, writeIntent } from './begin.ts'
import { buildIndexes } from './build-indexes.ts'
import { sortedDocuments } from './census.ts'
import { move } from './move.ts'
import type { ReconfigurePlan } from './plan-reconfigure.ts'
import { needsEngine } from './plan-vectors.ts'
import { planNow, type PlanNeeds } from './plan-now.ts'
import type { Reconfiguration } from './reconfiguration.ts'
import { endReconfigureTask } from './reconfigure-task.ts'
import { switchGeneration, type SwitchNeeds } from './switch-generation.ts'

export type RecreateNeeds = PlanNeeds &
  SwitchNeeds &
  Pick<Ports, 'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'log' | 'metrics' | 'now' | 'newId'>

export interface Recreated {
  plan: ReconfigurePlan
  /** Null where, under the lease, nothing was left to do. */
  reconfiguration: Reconfiguration | null
}

/**
 * A new generation with exactly the wanted vectors takes the place of the live one (design 4): built beside it with its
 * indexes, given the documents that nothing can make again, then switched. Writers wait meanwhile; readers do not.
 * Throws `conflict` for a running batch, for documents that cannot be carried over, and where the engine refuses; then
 * nothing is changed.
 */
export async function recreate(ports: RecreateNeeds, given: Namespace): Promise<Recreated> {
  return await ports.leases.exclusive(given.id, 'reconfiguring the schema', async (lease) => {
    const namespace = await current(ports, given.id, lease)
    const plan = await planNow(ports, namespace, 'recreate')
    if (!needsEngine(plan.vectors)) return { plan, reconfiguration: null }
    await refuseActiveBatches(ports, namespace.id)
    refuseLosses(plan)
    const begun = await begin(ports, namespace, plan)
    try {
      await buildGeneration(ports, namespace, begun)
      const reconfiguration = await switchGeneration(ports, begun, lease)
      return { plan, reconfiguration }
    } catch (error) {
      throw await givenUp(ports, begun, error)
    }
  })
}

/** The namespace as it stands under the lease, its payload indexes settled. */
export async function current(
  ports: RecreateNeeds,
  id: string,
  lease: ExclusiveLease,
): Promise<Namespace> {
  const before = await ready(ports, id)
  await convergeOrRestore(ports, before, lease)
  return await ready(ports, id)
}

/** 409 that names a batch which would write into a generation that goes, and how to cancel it. */
export async function refuseActiveBatches(
  { db }: Pick<Ports, 'db'>,
  namespaceId: string,
): Promise<void> {
  const [batch, ...others] = await readActiveBatches(db, { namespaceId })
  if (!batch) return
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  throw fail('conflict', {
    reason: `Batch ${batch.id}${more} of this namespace is running (${batch.status}).`,
    hint: `Wait for it, or cancel it: POST /v1/buckets/${batch.bucketId}/batches/${batch.id}/cancel. {"strategy": "online"} does not have to wait.`,
    details: { batch_ids: [batch, ...others].map(({ id }) => id) },
  })
}

/** A document that nothing can make again is never lost silently. */
export function refuseLosses({ pointsRefused, vectors }: ReconfigurePlan): void {
  if (pointsRefused === 0) return
  throw fail('conflict', {
    reason: `${pointsRefused} documents without a source to make them from again have a vector whose definition changes (${vectors.changed.join(', ')}): they can neither be carried over nor made again.`,
    hint: 'Delete them, or delete their vectors, first; {"dry_run": true} shows the plan.',
    details: { documents: pointsRefused, vectors: vectors.changed },
  })
}

/** The collection, its indexes, and what has to be carried over, all of it flushed. */
export async function buildGeneration(
  ports: RecreateNeeds,
  live: Namespace,
  reconfiguration: Reconfiguration,
): Promise<void> {
  const coming = comingOf(live, reconfiguration)
  const present = await ports.vectors.describeCollection(collectionOf(live))
  await ports.vectors.createCollection(collectionOf(coming), {
    ...collectionSpec(coming.vectors),
    ...(present?.hnsw_config && { hnsw_config: present.hnsw_config }),
  })
  await buildIndexes(ports, coming)
  for await (const { sourceless } of sortedDocuments(ports, live)) {
    await carryDocuments(ports, live, coming, [...sourceless])
  }
  await flushGeneration(ports, coming)
}

/** The generation that a reconfigure builds. */
export function comingOf(live: Namespace, reconfiguration: Reconfiguration): Namespace {
  const { toGeneration, fromGeneration, vectorsAfter: vectors } = reconfiguration
  return generationOf(live, { generation: toGeneration ?? fromGeneration, vectors })
}

/** Takes away what a reconfigure has built; the live generation was never touched. */
export async function takeAwayGeneration(
  ports: Pick<Ports, 'db' | 'vectors'>,
  reconfiguration: Reconfiguration,
  reason: string,
  status: 'FAILED' | 'CANCELED' = 'FAILED',
): Promise<void> {
  const cancelling =
    reconfiguration.state === 'cancelling'
      ? reconfiguration
      : await move(ports.db, reconfiguration, 'given_up', { error: reason })
  if (!cancelling) return
  const { namespaceId: id, toGeneration: generation } = cancelling
  if (generation !== null) await ports.vectors.dropCollection(collectionOf({ id, generation }))
  await ports.db.transaction().execute(async (tx) => {
    if (await move(tx, cancelling, 'taken_away'))
      await endReconfigureTask(tx, cancelling, status, reason)
  })
}

async function begin(
  ports: RecreateNeeds,
  namespace: Namespace,
  plan: ReconfigurePlan,
): Promise<Reconfiguration> {
  return await orBusy(ports.db, namespace.id, () =>
    ports.db.transaction().execute(async (tx) => {
      await lockNamespaceRow(tx, namespace.id)
      const reconfiguration = newReconfiguration(ports, namespace, {
        strategy: 'recreate',
        isReprocess: false,
        state: 'building',
        toGeneration: await takeGeneration(tx, namespace.id),
        vectorsAfter: plan.after,
        previousPoints: plan.points,
        progress: { copied: plan.pointsCopied },
        taskId: null,
      })
      await writeIntent(tx, ports, reconfiguration)
      return reconfiguration
    }),
  )
}

/** What the caller is told; what was built is gone, or left to the job that converges. */
export async function givenUp(
  ports: Pick<Ports, 'db' | 'vectors' | 'log'>,
  begun: Reconfiguration,
  error: unknown,
): Promise<unknown> {
  const reason = error instanceof Error ? error.message : String(error)
  try {
    await takeAwayGeneration(ports, begun, reason)
  } catch (failure) {
    ports.log.warn({ reconfigurationId: begun.id, error: failure }, 'not taken back yet')
  }
  if (!(error instanceof EngineRejection)) return error
  const told = `The schema was not changed: ${error.reason}`
  return fail('conflict', { reason: told }, { cause: error })
}

async function ready({ db }: Pick<Ports, 'db'>, id: string): Promise<Namespace> {
  const namespace = await readNamespaceById(db, id)
  if (namespace?.state !== 'ready') throw fail('not_found', { resource: 'namespace', id })
  return namespace
}
