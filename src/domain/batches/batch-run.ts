import type { Ports } from '../../ports/ports.ts'
import { readTaskOrganization } from '../../store/tasks.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { sourceFilter } from '../collections/parse-source.ts'
import { filterTest, type FilterTest } from '../filters/evaluate-filter.ts'
import { findNamespace } from '../namespaces/find-namespace.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Batch } from './batch.ts'

/** What one job knows while it works on a batch; `batch.fence` is its own. */
export interface BatchRun {
  batch: Batch
  organizationId: string
  namespace: Namespace
  /** Those of the batch that still are there. */
  collections: ReadonlyMap<string, Collection>
  /** Collection → the conditions that it puts on its sources. */
  filters: ReadonlyMap<string, readonly FilterTest[]>
  /** Collection → the conditions of who triggered it: other sources are left as they are. */
  asked: ReadonlyMap<string, readonly FilterTest[]>
}

/** Throws `not_found` where the namespace is gone: then the batch is, or is about to be. */
export async function openRun(
  ports: Pick<Ports, 'db' | 'cache' | 'config'>,
  batch: Batch,
): Promise<BatchRun> {
  const organizationId = await readTaskOrganization(ports.db, batch.taskId ?? '')
  const namespace = await findNamespace(ports, organizationId ?? '', batch.namespaceId)
  const wanted = new Set(batch.tiers.flat())
  const all = await collectionsOf(ports, namespace.id)
  const collections = all.filter(({ id }) => wanted.has(id))
  const [first = []] = batch.tiers
  const triggered = first.length === 1 ? testOf(ports, batch.metadata['source_filters']) : []
  return {
    batch,
    organizationId: organizationId ?? '',
    namespace,
    collections: new Map(collections.map((collection) => [collection.id, collection])),
    filters: filtersOf(ports, collections),
    asked: new Map(first.map((id) => [id, triggered])),
  }
}

/** The conditions that a collection itself puts on its sources. */
export function filtersOf(
  ports: Pick<Ports, 'config'>,
  collections: readonly Collection[],
): ReadonlyMap<string, readonly FilterTest[]> {
  return new Map(collections.map(({ id, source }) => [id, testOf(ports, source.source_filters)]))
}

function testOf({ config }: Pick<Ports, 'config'>, given: unknown): FilterTest[] {
  const filter = sourceFilter(config, given)
  return filter ? [filterTest(filter)] : []
}
