import { releasePath } from '../payload-facts/guard-path.ts'
import { leaseWaitMs, readyNamespace, type BuildPorts } from './take-away-index.ts'

/** The guard off that was on for an index that does not come; what an index there needs stays. */
export async function unwatch(
  ports: BuildPorts,
  namespaceId: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await ports.leases.exclusive(
    namespaceId,
    'ending to watch the values of a field',
    async (lease) => {
      const namespace = await readyNamespace(ports, namespaceId)
      await releasePath(ports, namespace, path, lease)
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}
