import type { Db } from '../../store/tables.ts'

interface Seen {
  epoch: string | null
  at: number
}

const seenByDatabase = new WeakMap<Db, Map<string, Seen>>()
const namespacesMax = 10_000

/**
 * When this process first read the epoch of a namespace's facts, as `performance.now()`: what it stands for was
 * committed by then, however long ago. Told after the read.
 */
export function firstSeenAt(db: Db, namespaceId: string, epoch: string | null): number {
  let seen = seenByDatabase.get(db)
  if (!seen) seenByDatabase.set(db, (seen = new Map()))
  const known = seen.get(namespaceId)
  if (known?.epoch === epoch) return known.at
  const at = performance.now()
  seen.delete(namespaceId)
  seen.set(namespaceId, { epoch, at })
  const [oldest] = seen.keys()
  if (seen.size > namespacesMax && oldest !== undefined) seen.delete(oldest)
  return at
}
