import type { Ports } from '../../ports/ports.ts'
import { readSampledPaths } from '../../store/query-samples.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { IndexDecision } from './decision.ts'

/**
 * Of open decisions those that can be gone on with. A field that was hot before `auto_create_indexes` was switched on
 * has no recorded read yet, since values are kept only while it is on (design 4): its decision waits for the next read,
 * which brings the check forward, at most until the check after this one.
 */
export async function withoutWaiting(
  { db, config, now }: Pick<Ports, 'db' | 'config' | 'now'>,
  { id, autoCreateIndexes }: Pick<Namespace, 'id' | 'autoCreateIndexes'>,
  open: readonly IndexDecision[],
): Promise<IndexDecision[]> {
  const areReadsToCome =
    autoCreateIndexes && config.querySamples === 'on' && config.indexUnproven === 'decline'
  const since = now().getTime() - config.indexCheckMs
  const young = open.filter(({ state, createdAt }) => state === 'observed' && +createdAt > since)
  if (!areReadsToCome || young.length === 0) return [...open]
  const paths = young.map(({ path }) => path)
  const sampled = await readSampledPaths(db, id, paths)
  return open.filter((one) => !young.includes(one) || sampled.has(one.path))
}
