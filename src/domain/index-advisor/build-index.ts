import { EngineRejection } from '../../ports/vector-engine.ts'
import { insertIndexes, markVirtualPending } from '../../store/payload-indexes.ts'
import type { Db } from '../../store/tables.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Census } from '../payload-facts/census.ts'
import { releasePath } from '../payload-facts/guard-path.ts'
import { convergeIndexes, restoreIndexes } from '../payload-indexes/converge-indexes.ts'
import { blockedUntil } from './block.ts'
import type { IndexDecision } from './decision.ts'
import type { Measurement } from './measurement.ts'
import { moveDecision } from './move-decision.ts'
import { indexAt, leaseWaitMs, settledNamespace, type BuildPorts } from './take-away-index.ts'

/**
 * The intent row of the index, the engine, the mark, under the namespace's lease: writers wait meanwhile, readers do
 * not. `verifying` when the index answers; `failed` where the engine refuses it, with nothing left of it; `taken_over`
 * where an index stands there by now. Throws `conflict` where another has the decision.
 */
export async function buildIndex(
  ports: BuildPorts,
  decision: IndexDecision,
  proof: { census: Census; before: Measurement | null },
  signal?: AbortSignal,
): Promise<IndexDecision> {
  return await ports.leases.exclusive(
    decision.namespaceId,
    `building the payload index of '${decision.fieldName}' that makes itself`,
    async (lease) => {
      const namespace = await settledNamespace(ports, decision.namespaceId, lease)
      const index = indexAt(namespace, decision.path)
      if (index && index.state !== 'virtual') {
        const reason = `An index of origin ${index.origin} stands there by now. ${decision.reason}`
        return await moveDecision(ports, decision, 'taken_over', { reason, actor: index.origin })
      }
      const building = await moveDecision(ports, decision, 'build_begun', proof, (tx) =>
        writeIntent(tx, decision, index !== undefined),
      )
      ports.cache.forget('namespaces')
      return await follow(ports, namespace, building, lease)
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}

async function writeIntent(
  tx: Db,
  { namespaceId, fieldName, path, schema }: IndexDecision,
  isListed: boolean,
): Promise<void> {
  if (isListed) {
    await markVirtualPending(tx, namespaceId, path)
    return
  }
  if (!schema) throw new Error(`There is no schema to build the index of ${path} by.`)
  const index = { fieldName, path, schema, origin: 'auto', isProtected: true } as const
  const intent = { ...index, state: 'pending', error: null } as const
  await insertIndexes(tx, namespaceId, [intent], { kind: 'absent' })
}

async function follow(
  ports: BuildPorts,
  namespace: Namespace,
  building: IndexDecision,
  lease: ExclusiveLease,
): Promise<IndexDecision> {
  try {
    await convergeIndexes(ports, namespace, lease)
  } catch (error) {
    // Whether the engine is away or this process is dying: the next check takes the index away and begins again.
    if (!(error instanceof EngineRejection)) throw error
    await restoreIndexes(ports, namespace, lease, error.reason)
    await releasePath(ports, namespace, building.path, lease)
    return await moveDecision(ports, building, 'failed', {
      reason: `The vector engine refused the index: ${error.reason}. ${building.reason}`,
      blockedUntil: blockedUntil('failed', building, ports.now(), ports.config),
    })
  }
  return await moveDecision(ports, building, 'built')
}
