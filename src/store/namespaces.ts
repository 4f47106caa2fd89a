import { sql, type Selectable } from 'kysely'
import type { Namespace, NamespaceExtractor } from '../domain/namespaces/namespace.ts'
import { terminalStatuses, type Task, type TaskType } from '../domain/tasks/task.ts'
import { readIndexes, readIndexesOf, type IndexRow } from './payload-indexes.ts'
import { taskOf } from './tasks.ts'
import type { Db, Tables } from './tables.ts'

export type NamespaceRow = Selectable<Tables['namespaces']>

/** False, with nothing written, where the name is taken in the organization. Indexes are written apart. */
export async function claimNamespace(
  db: Db,
  namespace: Namespace,
  expiresAt: Date | null,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('namespaces')
    .values({
      id: namespace.id,
      organization_id: namespace.organizationId,
      name: namespace.name,
      description: namespace.description,
      namespace_type: namespace.namespaceType,
      state: namespace.state,
      generation: namespace.generation,
      feature_extractors: JSON.stringify(namespace.featureExtractors),
      vectors: JSON.stringify(namespace.vectors),
      embedding: JSON.stringify(namespace.embedding),
      auto_create_indexes: namespace.autoCreateIndexes,
      infrastructure: JSON.stringify(namespace.infrastructure),
      expires_at: expiresAt,
      created_at: namespace.createdAt,
      updated_at: namespace.updatedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** By id or name, the id winning; null where it is absent, not finished yet, or being deleted. */
export async function readNamespace(
  db: Db,
  organizationId: string,
  identifier: string,
): Promise<Namespace | null> {
  const rows = await db
    .selectFrom('namespaces')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('state', '=', 'ready')
    .where((where) => where.or([where('id', '=', identifier), where('name', '=', identifier)]))
    .execute()
  const row = rows.find(({ id }) => id === identifier) ?? rows[0]
  return row ? namespaceOf(row, await readIndexes(db, row.id)) : null
}

/** In any state, of any organization: what jobs and the start go by. */
export async function readNamespaceById(db: Db, id: string): Promise<Namespace | null> {
  const row = await db.selectFrom('namespaces').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? namespaceOf(row, await readIndexes(db, row.id)) : null
}

export interface NamespaceChange {
  name?: string
  description?: string | null
  autoCreateIndexes?: boolean
  infrastructure?: Record<string, unknown>
}

/** A unique violation where the new name is taken. `at`: what `updated_at` becomes. */
export async function changeNamespace(
  db: Db,
  id: string,
  { name, description, autoCreateIndexes, infrastructure }: NamespaceChange,
  at: Date,
): Promise<void> {
  await db
    .updateTable('namespaces')
    .set({
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(autoCreateIndexes !== undefined && { auto_create_indexes: autoCreateIndexes }),
      ...(infrastructure && { infrastructure: JSON.stringify(infrastructure) }),
      updated_at: at,
    })
    .where('id', '=', id)
    .execute()
}

/** Writes what `change` makes of the extractors; nothing where that is null. Inside a transaction: the row is locked. */
export async function changeNamespaceExtractors(
  tx: Db,
  id: string,
  at: Date,
  change: (extractors: NamespaceExtractor[]) => NamespaceExtractor[] | null,
): Promise<void> {
  const row = await tx
    .selectFrom('namespaces')
    .select('feature_extractors')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  const changed = row ? change(row.feature_extractors) : null
  if (changed === null) return
  await tx
    .updateTable('namespaces')
    .set({ feature_extractors: JSON.stringify(changed), updated_at: at })
    .where('id', '=', id)
    .execute()
}

/** False where it is no longer `creating`. */
export async function markNamespaceReady(db: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('namespaces')
    .set({ state: 'ready' })
    .where('id', '=', id)
    .where('state', '=', 'creating')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The intent to delete. Its name is free at once: no client can have a name that is an id. */
export async function markNamespaceDeleting(db: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('namespaces')
    .set({ state: 'deleting', name: sql<string>`id` })
    .where('id', '=', id)
    .where('state', '!=', 'deleting')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Namespaces that something was begun on and not finished, whoever began it. */
export async function readUnsettledNamespaceIds(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('namespaces')
    .select('id')
    .where((where) =>
      where.or([
        where('state', '!=', 'ready'),
        where.exists(
          where
            .selectFrom('payload_indexes')
            .select('path')
            .whereRef('payload_indexes.namespace_id', '=', 'namespaces.id')
            .where((index) =>
              index.or([
                index('payload_indexes.state', 'in', ['pending', 'building', 'dropping']),
                index('before', 'is not', null),
              ]),
            ),
        ),
      ]),
    )
    .execute()
  return rows.map(({ id }) => id)
}

export interface NamespaceCounts {
  buckets: number
  collections: number
  objects: number
}

/** Of several namespaces at once. */
export async function countNamespaceParts(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, NamespaceCounts>> {
  const [buckets, collections, objects] = await Promise.all([
    countBy(db, 'buckets', ids),
    countBy(db, 'collections', ids),
    countBy(db, 'objects', ids),
  ])
  return new Map(
    ids.map((id) => [
      id,
      {
        buckets: buckets.get(id) ?? 0,
        collections: collections.get(id) ?? 0,
        objects: objects.get(id) ?? 0,
      },
    ]),
  )
}

/** Tasks of the type about this namespace that have not ended. */
export async function readOpenTasks(db: Db, type: TaskType, namespaceId: string): Promise<Task[]> {
  const rows = await db
    .selectFrom('tasks')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('type', '=', type)
    .where('status', 'not in', terminalStatuses)
    .execute()
  return rows.map(taskOf)
}

/** Some of the namespace's objects, whatever bucket they are in; none where none is left. */
export async function readObjectIds(db: Db, namespaceId: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('objects')
    .select('id')
    .where('namespace_id', '=', namespaceId)
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Deletes one of the namespace's batches with its ledger; false where none is left. */
export async function deleteSomeBatch(db: Db, namespaceId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('batches')
    .where('id', 'in', (some) =>
      some.selectFrom('batches').select('id').where('namespace_id', '=', namespaceId).limit(1),
    )
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** The last step: what still belongs to the namespace goes with its row. */
export async function deleteNamespaceRow(db: Db, id: string): Promise<void> {
  await db.deleteFrom('namespaces').where('id', '=', id).execute()
}

/** Rows of a list with their indexes, in the rows' order. */
export async function namespacesOf(db: Db, rows: readonly NamespaceRow[]): Promise<Namespace[]> {
  const indexes = await readIndexesOf(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => namespaceOf(row, indexes.get(row.id) ?? []))
}

export function namespaceOf(row: NamespaceRow, payloadIndexes: IndexRow[]): Namespace {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    description: row.description,
    namespaceType: row.namespace_type,
    state: row.state,
    generation: row.generation,
    featureExtractors: row.feature_extractors,
    vectors: row.vectors,
    embedding: row.embedding,
    payloadIndexes,
    autoCreateIndexes: row.auto_create_indexes,
    infrastructure: row.infrastructure,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

async function countBy(
  db: Db,
  table: 'buckets' | 'collections' | 'objects',
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom(table)
    .select(['namespace_id', ({ fn }) => fn.countAll<string>().as('count')])
    .where('namespace_id', 'in', [...ids])
    .groupBy('namespace_id')
    .execute()
  return new Map(rows.map(({ namespace_id, count }) => [namespace_id, Number(count)]))
}
