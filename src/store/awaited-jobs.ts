import { sql } from 'kysely'
import type { BucketDeletion } from '../domain/buckets/delete-bucket.ts'
import type { CollectionPlace } from '../domain/collections/delete-collection.ts'
import { unfinishedStates } from '../domain/plugins/plugin.ts'
import type { Db } from './tables.ts'

/** Buckets that a job has to empty, in namespaces that stay. */
export async function readDeletingBuckets(db: Db): Promise<BucketDeletion[]> {
  const { rows } = await sql<BucketDeletion>`
    select buckets.id as "bucketId", organization_id as "organizationId",
      coalesce((
        select tasks.id from tasks
        where tasks.namespace_id = buckets.namespace_id and type = 'api_buckets_delete'
          and additional_data->>'bucket_id' = buckets.id
        order by created_at desc limit 1), '') as "taskId"
    from buckets join namespaces on namespaces.id = buckets.namespace_id
    where buckets.state = 'deleting' and namespaces.state = 'ready'
  `.execute(db)
  return rows
}

/** Collections that a job has to erase, in namespaces that stay. */
export async function readDeletingCollections(db: Db): Promise<CollectionPlace[]> {
  const { rows } = await sql<CollectionPlace>`
    select collections.id as "collectionId", namespace_id as "namespaceId",
      organization_id as "organizationId"
    from collections join namespaces on namespaces.id = collections.namespace_id
    where collections.state = 'deleting' and namespaces.state = 'ready'
  `.execute(db)
  return rows
}

/** Deployments that a job has to bring to an end. */
export async function readUnfinishedDeployments(
  db: Db,
): Promise<{ namespaceId: string; pluginRowId: string }[]> {
  const rows = await db
    .selectFrom('plugin_deployments')
    .select(['namespace_id', 'plugin_row_id'])
    .where('state', 'in', unfinishedStates)
    .execute()
  return rows.map(({ namespace_id, plugin_row_id }) => ({
    namespaceId: namespace_id,
    pluginRowId: plugin_row_id,
  }))
}

/** Namespaces whose own time is up, and those with an earlier generation whose retention is over. */
export async function readOverdueNamespaces(
  db: Db,
  now: Date,
): Promise<{ expired: string[]; retained: string[] }> {
  const expired = await db
    .selectFrom('namespaces')
    .select('id')
    .where('state', '=', 'ready')
    .where('expires_at', '<=', now)
    .execute()
  const retained = await db
    .selectFrom('reconfigurations')
    .select('namespace_id as id')
    .distinct()
    .where('state', '=', 'retained')
    .where('retained_until', '<=', now)
    .execute()
  return { expired: expired.map(({ id }) => id), retained: retained.map(({ id }) => id) }
}
