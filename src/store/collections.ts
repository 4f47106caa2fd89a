import { sql, type Selectable } from 'kysely'
import type { BucketField } from '../domain/buckets/bucket.ts'
import type { Collection } from '../domain/collections/collection.ts'
import type { Db, Tables } from './tables.ts'

export type CollectionRow = Selectable<Tables['collections']>

/** False, with nothing written, where the name is taken in the namespace. */
export async function insertCollection(
  db: Db,
  collection: Omit<Collection, 'schemaVersion' | 'schemaSyncedAt'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('collections')
    .values({
      id: collection.id,
      namespace_id: collection.namespaceId,
      name: collection.name,
      description: collection.description,
      source: JSON.stringify(collection.source),
      feature_extractor: JSON.stringify(collection.extractor),
      input_schema: JSON.stringify(collection.inputSchema),
      output_schema: JSON.stringify(collection.outputSchema),
      enabled: collection.enabled,
      metadata: JSON.stringify(collection.metadata),
      state: collection.state,
      created_at: collection.createdAt,
      updated_at: collection.updatedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** By id or name, the id winning; null where it is absent or being deleted. */
export async function readCollection(
  db: Db,
  namespaceId: string,
  identifier: string,
): Promise<Collection | null> {
  const rows = await db
    .selectFrom('collections')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('state', '=', 'active')
    .where((where) => where.or([where('id', '=', identifier), where('name', '=', identifier)]))
    .execute()
  const row = rows.find(({ id }) => id === identifier) ?? rows[0]
  return row ? collectionOf(row) : null
}

/** All that are not being deleted, oldest first. */
export async function readCollections(db: Db, namespaceId: string): Promise<Collection[]> {
  const rows = await db
    .selectFrom('collections')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('state', '=', 'active')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(collectionOf)
}

/** What PATCH may touch (contract 15.3). */
export interface CollectionChange {
  name?: string
  description?: string | null
  enabled?: boolean
  metadata?: Record<string, unknown>
}

/** Null where it is gone; a unique violation where the new name is taken. */
export async function changeCollection(
  db: Db,
  id: string,
  { metadata, ...rest }: CollectionChange,
): Promise<Collection | null> {
  const row = await db
    .updateTable('collections')
    .set({
      ...rest,
      ...(metadata && { metadata: JSON.stringify(metadata) }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .returningAll()
    .executeTakeFirst()
  return row ? collectionOf(row) : null
}

/** What a look at documents changes; names only in `output` and `input` are new. */
export interface SchemaGrowth {
  output: Record<string, BucketField>
  input: Record<string, BucketField>
  version: number
  /** Absent: nobody looked at this collection's own documents. */
  syncedAt?: Date
}

/** In a transaction: the collection as it is, held until the end; null where it is gone or being deleted. */
export async function lockCollection(tx: Db, id: string): Promise<Collection | null> {
  const row = await tx
    .selectFrom('collections')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'active')
    .forUpdate()
    .executeTakeFirst()
  return row ? collectionOf(row) : null
}

export async function writeSchema(
  db: Db,
  id: string,
  { output, input, version, syncedAt }: SchemaGrowth,
): Promise<void> {
  await db
    .updateTable('collections')
    .set({
      output_schema: JSON.stringify(output),
      input_schema: JSON.stringify(input),
      schema_version: version,
      ...(syncedAt && { schema_synced_at: syncedAt }),
    })
    .where('id', '=', id)
    .execute()
}

/** The intent that the next start finishes where the process dies before the row goes. */
export async function markCollectionDeleting(db: Db, id: string): Promise<void> {
  await db.updateTable('collections').set({ state: 'deleting' }).where('id', '=', id).execute()
}

export async function removeCollection(db: Db, id: string): Promise<void> {
  await db.deleteFrom('collections').where('id', '=', id).execute()
}

export function collectionOf(row: CollectionRow): Collection {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    name: row.name,
    description: row.description,
    source: row.source,
    extractor: row.feature_extractor,
    inputSchema: row.input_schema,
    outputSchema: row.output_schema,
    schemaVersion: row.schema_version,
    schemaSyncedAt: row.schema_synced_at,
    enabled: row.enabled,
    metadata: row.metadata,
    state: row.state,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
