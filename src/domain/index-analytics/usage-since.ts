import type { Ports } from '../../ports/ports.ts'
import { readFieldUsage, type FieldUsage } from '../../store/query-usage.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { flushUsage } from '../query-usage/flush-usage.ts'
import { since } from './analytics-range.ts'

/**
 * How the namespace's fields were used in the last `ms`, the most used first. What this process still holds is written
 * before, so that a client finds its own last reads; those of other processes are up to their flush behind.
 */
export async function usageSince(
  ports: Ports,
  { id }: Pick<Namespace, 'id'>,
  ms: number,
): Promise<FieldUsage[]> {
  await flushUsage(ports)
  const fields = await readFieldUsage(ports.db, id, { since: since(ports.now(), ms) })
  return fields
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1))
}
