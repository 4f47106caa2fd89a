import { sql, type Selectable } from 'kysely'
import type { Retriever } from '../domain/retrievers/retriever.ts'
import type { Db, Tables } from './tables.ts'

/** False, with nothing written, where the name is taken in the namespace. */
export async function insertRetriever(db: Db, retriever: Retriever): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('retrievers')
    .values({
      id: retriever.id,
      namespace_id: retriever.namespaceId,
      name: retriever.name,
      description: retriever.description,
      stages: JSON.stringify(retriever.stages),
      collection_ids: JSON.stringify(retriever.collectionIds),
      input_schema: JSON.stringify(retriever.inputSchema),
      budget_limits: JSON.stringify(retriever.budgetLimits),
      tags: JSON.stringify(retriever.tags),
      display_config: displayConfig(retriever.displayConfig),
      visibility: retriever.visibility,
      version: retriever.version,
      created_at: retriever.createdAt,
      updated_at: retriever.updatedAt,
      created_by: retriever.createdBy,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** By id or name, the id winning; null where it is absent. */
export async function readRetriever(
  db: Db,
  namespaceId: string,
  identifier: string,
): Promise<Retriever | null> {
  const rows = await db
    .selectFrom('retrievers')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where((where) => where.or([where('id', '=', identifier), where('name', '=', identifier)]))
    .execute()
  const row = rows.find(({ id }) => id === identifier) ?? rows[0]
  return row ? retrieverOf(row) : null
}

/** What PATCH may touch (contract 17). */
export interface RetrieverChange {
  name?: string
  description?: string | null
  tags?: string[]
  displayConfig?: unknown
  visibility?: Retriever['visibility']
}

/** Null where it is gone; a unique violation where the new name is taken. */
export async function changeRetriever(
  db: Db,
  id: string,
  { tags, displayConfig: display, ...rest }: RetrieverChange,
): Promise<Retriever | null> {
  const row = await db
    .updateTable('retrievers')
    .set({
      ...rest,
      ...(tags && { tags: JSON.stringify(tags) }),
      ...(display !== undefined && { display_config: displayConfig(display) }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row ? retrieverOf(row) : null
}

/** False where it was gone already. */
export async function removeRetriever(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('retrievers')
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export function retrieverOf(row: Selectable<Tables['retrievers']>): Retriever {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    name: row.name,
    description: row.description,
    stages: row.stages,
    collectionIds: row.collection_ids,
    inputSchema: row.input_schema as Retriever['inputSchema'],
    budgetLimits: row.budget_limits,
    tags: row.tags,
    displayConfig: row.display_config,
    visibility: row.visibility,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
  }
}

function displayConfig(config: unknown): string | null {
  return config === null || config === undefined ? null : JSON.stringify(config)
}
