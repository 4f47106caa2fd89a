import type { Ports } from '../../ports/ports.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { addGuard, dropFacts } from '../../store/payload-facts.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { untilReadersKnow } from './readers-know.ts'

type GuardPorts = Pick<Ports, 'db' | 'cache' | 'config'>

/**
 * Begins to watch what is written at a payload path, for an index of the schema, or before one is chosen: from here on
 * each write tells the facts before it tells the engine, so that a census begun after this misses nothing. Under the
 * exclusive lease, since writers learn of guards with its token. Again is fine. A payload index that is there is its own
 * guard. Throws `conflict` where the lease is lost.
 */
export async function guardPath(
  ports: GuardPorts,
  namespace: Namespace,
  path: string,
  schema: PayloadFieldSchema | null,
  lease: ExclusiveLease,
): Promise<void> {
  await lease.check()
  const { id: namespaceId, generation } = namespace
  const guard = { namespaceId, generation, path, type: schema?.type ?? ('' as const) }
  await addGuard(ports.db, { ...guard, guardsMax: ports.config.guardedPathsMax })
  ports.cache.forget('payload_facts')
}

/**
 * Forgets what is known of a path that no index stands on any more, or that none will come to; of one that has an
 * index, what is not its own. Returns when no reader goes by it, in any process.
 */
export async function releasePath(
  ports: GuardPorts,
  namespace: Namespace,
  path: string,
  lease: ExclusiveLease,
): Promise<void> {
  await lease.check()
  await dropFacts(ports.db, namespace.id, path)
  ports.cache.forget('payload_facts')
  await untilReadersKnow(ports)
}
