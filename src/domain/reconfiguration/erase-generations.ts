import type { Ports } from '../../ports/ports.ts'
import { dropFactsOfGeneration } from '../../store/payload-facts.ts'
import { readEndedRetentions, readReconfigurations } from '../../store/reconfigurations.ts'
import type { Db } from '../../store/tables.ts'
import { isFailure } from '../failure.ts'
import { collectionOf } from '../namespaces/namespace.ts'
import { move } from './move.ts'
import type { Reconfiguration } from './reconfiguration.ts'

export const eraseJobName = 'reconfiguration.erase'

/** How long the end of a retention waits for who holds the namespace; then the job is tried again. */
const leaseWaitMs = 30_000

export type EraseNeeds = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'config' | 'now'
>

/** A job of its own each time: an earlier one must not be put off by a later. */
export async function addErasure(
  db: Db,
  { queue }: Pick<Ports, 'queue'>,
  namespaceId: string,
  delayMs: number,
): Promise<void> {
  const delaySeconds = Math.ceil(delayMs / 1000)
  await queue.add(db, eraseJobName, { namespace_id: namespaceId }, { delaySeconds })
}

/**
 * Erases the generations that nothing can bring back: those whose retention is over, and those that were undone. One
 * that a read may still be under way on is left to a later job.
 */
export async function eraseGenerations(
  ports: EraseNeeds,
  namespaceId: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await endRetentions(ports, namespaceId, signal)
  } catch (error) {
    // The namespace is gone, and its generations with it.
    if (isFailure(error, 'not_found')) return
    throw error
  }
  const states = ['erasing', 'discarding'] as const
  for (const one of await readReconfigurations(ports.db, namespaceId, { states })) {
    const isRead = ports.now().getTime() < one.updatedAt.getTime() + ports.config.requestTimeoutMs
    if (isRead) await addErasure(ports.db, ports, namespaceId, ports.config.requestTimeoutMs)
    else await eraseGeneration(ports, one)
  }
}

/** Under the lease: a deletion that goes to retained generations must not meet one that is being erased. */
async function endRetentions(
  ports: EraseNeeds,
  namespaceId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { db, leases } = ports
  if ((await readEndedRetentions(db, namespaceId, ports.now())).length === 0) return
  await leases.exclusive(
    namespaceId,
    'ending the retention of an earlier generation',
    async (lease) => {
      await lease.check()
      for (const ended of await readEndedRetentions(db, namespaceId, ports.now())) {
        await move(db, ended, 'retention_ended')
      }
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}

async function eraseGeneration(ports: EraseNeeds, one: Reconfiguration): Promise<void> {
  const { namespaceId: id, state, fromGeneration, toGeneration } = one
  const generation = state === 'erasing' ? fromGeneration : toGeneration
  if (generation !== null) {
    await ports.vectors.dropCollection(collectionOf({ id, generation }))
    await dropFactsOfGeneration(ports.db, id, generation)
  }
  await move(ports.db, one, state === 'erasing' ? 'erased' : 'discarded')
}
