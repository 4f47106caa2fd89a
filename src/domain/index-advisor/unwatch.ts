import { releasePath } from '../payload-facts/guard-path.ts'
import { indexAt, isOurs, leaseWaitMs, readyNamespace, type BuildPorts } from './take-away-index.ts'

/** The guard off, where no index of a user or plugin stands there by now. */
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
      const index = indexAt(namespace, path)
      if (!index || isOurs(index)) await releasePath(ports, namespace, path, lease)
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}
