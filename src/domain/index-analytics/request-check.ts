import type { Ports } from '../../ports/ports.ts'
import { addCheck } from '../index-advisor/add-check.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { flushUsage } from '../query-usage/flush-usage.ts'

/**
 * Has a worker look at the namespace's fields at once, with what this process still holds of their use. Throws
 * `conflict` where `auto_create_indexes` is off: the check would decide nothing.
 */
export async function requestCheck(
  ports: Ports,
  { id, name, autoCreateIndexes }: Pick<Namespace, 'id' | 'name' | 'autoCreateIndexes'>,
): Promise<void> {
  if (!autoCreateIndexes) {
    throw fail('conflict', {
      reason: `auto_create_indexes is off for namespace '${name}': nothing is decided about its fields.`,
      hint: `Switch it on with PATCH /v1/namespaces/${id} {"auto_create_indexes": true}.`,
    })
  }
  await flushUsage(ports)
  await addCheck(ports.db, ports.queue, id)
}
