import type { Ports } from '../../ports/ports.ts'
import { noteIndexCheck, readNamespaceIdsToCheck } from '../../store/index-checks.ts'
import type { Db } from '../../store/tables.ts'

export const checkJobName = 'indexes.check'

/**
 * Plans a check of the namespace: at once, or in some seconds; one that waits already is brought forward by the first
 * and left as it is by the second. In a transaction it is there if that commits.
 */
export async function addCheck(
  db: Db,
  queue: Ports['queue'],
  namespaceId: string,
  delaySeconds = 0,
): Promise<void> {
  const payload = { namespace_id: namespaceId }
  await queue.add(db, checkJobName, payload, { delaySeconds, singletonKey: namespaceId })
}

/** As `addCheck`, for the next one that comes by itself; when that will be is told by the analytics. */
export async function planNextCheck(
  { db, queue, config, now }: Pick<Ports, 'db' | 'queue' | 'config' | 'now'>,
  namespaceId: string,
): Promise<void> {
  const lastRunAt = now()
  const nextRunAt = new Date(lastRunAt.getTime() + config.indexCheckMs)
  await noteIndexCheck(db, namespaceId, { lastRunAt, nextRunAt })
  await addCheck(db, queue, namespaceId, Math.ceil(config.indexCheckMs / 1000))
}

/** At the start of a process: namespaces that make their indexes, and those where a dead process left something. */
export async function recoverIndexChecks({
  db,
  queue,
}: Pick<Ports, 'db' | 'queue'>): Promise<void> {
  for (const id of await readNamespaceIdsToCheck(db)) await addCheck(db, queue, id)
}
