import { sql, type Generated } from 'kysely'
import { activeStatuses } from '../domain/batches/batch.ts'
import type { Time } from './column-types.ts'
import type { Db } from './tables.ts'

export interface ObjectErasureTable {
  object_id: string
  namespace_id: string
  created_at: Generated<Time>
}

/** From the commit on whoever writes documents of the object takes them back. Again: nothing. */
export async function insertErasure(db: Db, objectId: string, namespaceId: string): Promise<void> {
  await db
    .insertInto('object_erasures')
    .values({ object_id: objectId, namespace_id: namespaceId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export async function removeErasure(db: Db, objectId: string): Promise<void> {
  await db.deleteFrom('object_erasures').where('object_id', '=', objectId).execute()
}

/** Every one that was begun, with whose it is. */
export async function readErasures(
  db: Db,
): Promise<{ organizationId: string; namespaceId: string; objectId: string }[]> {
  return await db
    .selectFrom('object_erasures')
    .innerJoin('namespaces', 'namespaces.id', 'object_erasures.namespace_id')
    .select([
      'namespaces.organization_id as organizationId',
      'object_erasures.namespace_id as namespaceId',
      'object_erasures.object_id as objectId',
    ])
    .execute()
}

/** Those of `objectIds` that go together with their documents. */
export async function readErasing(db: Db, objectIds: readonly string[]): Promise<Set<string>> {
  if (objectIds.length === 0) return new Set()
  const rows = await db
    .selectFrom('object_erasures')
    .select('object_id')
    .where('object_id', '=', sql<string>`any(${objectIds}::text[])`)
    .execute()
  return new Set(rows.map(({ object_id: id }) => id))
}

/** Whether a batch under way may still write documents of the object, directly or made of others. */
export async function hasActiveBatch(
  db: Db,
  namespaceId: string,
  objectId: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('batches')
    .select('id')
    .where('namespace_id', '=', namespaceId)
    .where('status', 'in', activeStatuses)
    .where((where) =>
      where.or([
        // Its rows are documents, of whichever object.
        where.eb('type', '=', 'COLLECTION'),
        where.exists(
          where
            .selectFrom('batch_objects')
            .select('object_id')
            .whereRef('batch_objects.batch_id', '=', 'batches.id')
            .where('batch_objects.object_id', '=', objectId),
        ),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
