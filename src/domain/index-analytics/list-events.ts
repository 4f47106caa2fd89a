import type { Ports } from '../../ports/ports.ts'
import { readNewestEvents } from '../../store/index-ledger.ts'
import { resolveFieldPath } from '../filters/field-path.ts'
import type { IndexEvent } from '../index-advisor/decision.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { payloadPath } from '../payload-indexes/payload-path.ts'

/**
 * A page of the namespace's ledger, the newest first, with what the guard did beside indexes that nobody decided about.
 * `cursor`: the id of the last event of the page before; `field`: null narrows nothing.
 */
export async function listIndexEvents(
  { db }: Pick<Ports, 'db'>,
  { id }: Pick<Namespace, 'id'>,
  { cursor, field, limit }: { cursor: string | null; field: string | null; limit: number },
): Promise<{ rows: IndexEvent[]; nextCursor: string | null }> {
  const path = field === null ? null : payloadPath(resolveFieldPath(field))
  const found = await readNewestEvents(db, id, { before: cursor, path, limit: limit + 1 })
  const rows = found.slice(0, limit)
  return { rows, nextCursor: found.length > limit ? (rows.at(-1)?.id ?? null) : null }
}
