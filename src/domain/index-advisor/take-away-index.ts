import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { markIndexDropping, markVirtualDropping } from '../../store/payload-indexes.ts'
import { fail } from '../failure.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { releasePath } from '../payload-facts/guard-path.ts'
import { convergeIndexes, convergeOrRestore } from '../payload-indexes/converge-indexes.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import type { MovePorts } from './move-decision.ts'

export type BuildPorts = MovePorts &
  Pick<Ports, 'cache' | 'queue' | 'leases' | 'vectors' | 'config'>

/** How long a step waits for who holds the namespace; then the job is tried again. */
export const leaseWaitMs = 30_000

/**
 * Takes what made itself on the path out of the engine, and the guard off; a system index is only listed again, and one
 * that is not ours stays, with its guard. Safe to run again from any point; under the namespace's lease.
 */
export async function takeAwayIndex(
  ports: BuildPorts,
  namespaceId: string,
  path: string,
  lease: ExclusiveLease,
): Promise<void> {
  const namespace = await readyNamespace(ports, namespaceId)
  const index = indexAt(namespace, path)
  if (index && isOurs(index) && index.state !== 'virtual') {
    await lease.check()
    if (index.origin === 'auto') await markIndexDropping(ports.db, namespaceId, index)
    else await markVirtualDropping(ports.db, namespaceId, path)
    ports.cache.forget('namespaces')
    // What was watched for it goes with it.
    await convergeIndexes(ports, namespace, lease)
  } else await releasePath(ports, namespace, path, lease)
}

/** As it stands under the lease, with what a dead process left half-done finished first. Throws `not_found`. */
export async function settledNamespace(
  ports: BuildPorts,
  namespaceId: string,
  lease: ExclusiveLease,
): Promise<Namespace> {
  await convergeOrRestore(ports, await readyNamespace(ports, namespaceId), lease)
  return await readyNamespace(ports, namespaceId)
}

/** Throws `not_found` where it is gone, or about to go. */
export async function readyNamespace(
  { db }: Pick<Ports, 'db'>,
  namespaceId: string,
): Promise<Namespace> {
  const namespace = await readNamespaceById(db, namespaceId)
  if (namespace?.state === 'ready') return namespace
  throw fail('not_found', { resource: 'namespace', id: namespaceId })
}

export function indexAt({ payloadIndexes }: Namespace, path: string): PayloadIndex | undefined {
  return payloadIndexes.find((index) => index.path === path)
}

/**
 * Whether the advisor may touch it: what made itself, and a listed index of the system, of which only those that are
 * not built from the start ever get a decision. Those of users and plugins never (I-6).
 */
export function isOurs({ origin }: PayloadIndex): boolean {
  return origin === 'auto' || origin === 'system'
}
