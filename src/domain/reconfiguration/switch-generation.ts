import type { Ports } from '../../ports/ports.ts'
import {
  forgetReconfigurations,
  lockNamespaceRow,
  readReconfigurations,
  writeSchema,
} from '../../store/reconfigurations.ts'
import type { Db } from '../../store/tables.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import { aliasOf, collectionOf } from '../namespaces/namespace.ts'
import { untilReadersKnow } from '../payload-facts/readers-know.ts'
import { addErasure } from './erase-generations.ts'
import { move, mustMove } from './move.ts'
import type { Reconfiguration } from './reconfiguration.ts'
import { endReconfigureTask } from './reconfigure-task.ts'

export type SwitchNeeds = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'vectors' | 'config' | 'log' | 'now'
>
type Lease = Pick<ExclusiveLease, 'check'>

/**
 * Puts the new generation, whole and with its indexes, in the place of the live one: the intent, one switch of the
 * alias, the namespace's row. From the intent on it only goes forward, whoever goes on with it.
 */
export async function switchGeneration(
  ports: SwitchNeeds,
  reconfiguration: Reconfiguration,
  lease: Lease,
): Promise<Reconfiguration> {
  await lease.check()
  const switching =
    reconfiguration.state === 'switching'
      ? reconfiguration
      : await mustMove(ports.db, reconfiguration, 'generation_ready')
  const { namespaceId, toGeneration } = switching
  const generation = toGeneration ?? switching.fromGeneration
  await ports.vectors.setAlias(
    aliasOf({ id: namespaceId }),
    collectionOf({ id: namespaceId, generation }),
  )
  await lease.check()
  const switched = await ports.db.transaction().execute(async (tx) => {
    await lockNamespaceRow(tx, namespaceId)
    const moved = await retain(tx, ports, switching)
    const { vectorsAfter: vectors, extractorsAfter: featureExtractors } = switching
    await writeSchema(tx, namespaceId, { generation, vectors, featureExtractors }, ports.now())
    await limitRetained(tx, ports, namespaceId)
    const isWhole = (switching.progress.failed ?? 0) === 0
    await endReconfigureTask(tx, switching, isWhole ? 'COMPLETED' : 'COMPLETED_WITH_ERRORS')
    await forgetReconfigurations(tx, namespaceId, ports.config.reconfigurationsMax)
    return moved
  })
  ports.cache.forget('namespaces')
  return switched
}

/** Puts the earlier generation back, the same way. */
export async function switchBack(
  ports: SwitchNeeds,
  undoing: Reconfiguration,
  lease: Lease,
): Promise<Reconfiguration> {
  const { namespaceId, fromGeneration: generation, vectorsBefore: vectors } = undoing
  // Of the values of a new generation nobody knows anything yet; of this one readers may, and writes went on.
  await untilReadersKnow(ports)
  await ports.vectors.setAlias(
    aliasOf({ id: namespaceId }),
    collectionOf({ id: namespaceId, generation }),
  )
  await lease.check()
  const switched = await ports.db.transaction().execute(async (tx) => {
    await lockNamespaceRow(tx, namespaceId)
    const moved = await mustMove(tx, undoing, 'switched_back')
    await writeSchema(
      tx,
      namespaceId,
      { generation, vectors, featureExtractors: null },
      ports.now(),
    )
    await addErasure(tx, ports, namespaceId, ports.config.requestTimeoutMs)
    return moved
  })
  ports.cache.forget('namespaces')
  return switched
}

/** Kept for its undo, or to be erased as soon as nobody reads it any more. */
async function retain(
  tx: Db,
  ports: SwitchNeeds,
  switching: Reconfiguration,
): Promise<Reconfiguration> {
  const { reconfigureRetentionMs, requestTimeoutMs } = ports.config
  const switchedAt = ports.now()
  const isKept = reconfigureRetentionMs > 0
  const retainedUntil = new Date(switchedAt.getTime() + reconfigureRetentionMs)
  await addErasure(tx, ports, switching.namespaceId, reconfigureRetentionMs + requestTimeoutMs)
  return isKept
    ? await mustMove(tx, switching, 'switched', { switchedAt, retainedUntil })
    : await mustMove(tx, switching, 'erased_at_once', { switchedAt })
}

/** Each earlier generation costs its whole disk: the oldest beyond the limit go early. */
async function limitRetained(tx: Db, ports: SwitchNeeds, namespaceId: string): Promise<void> {
  const retained = await readReconfigurations(tx, namespaceId, { states: ['retained'] })
  for (const old of retained.slice(ports.config.generationsRetainedMax)) {
    await move(tx, old, 'retention_ended')
    await addErasure(tx, ports, namespaceId, ports.config.requestTimeoutMs)
  }
}
