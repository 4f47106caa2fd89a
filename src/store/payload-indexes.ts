import { sql, type Selectable } from 'kysely'
import type {
  DeclaredIndex,
  IndexBefore,
  IndexState,
  PayloadIndex,
} from '../domain/payload-indexes/payload-index.ts'
import type { PayloadFieldSchema } from '../ports/vector-engine.ts'
import type { Db, Tables } from './tables.ts'

type Row = Selectable<Tables['payload_indexes']>

/** An index, and what it was before the change that is under way. */
export interface IndexRow extends PayloadIndex {
  before: IndexBefore | null
}

/** Adds indexes after those that the namespace has. `before`: what a failed build goes back to. */
export async function insertIndexes(
  db: Db,
  namespaceId: string,
  indexes: readonly PayloadIndex[],
  before: IndexBefore | null,
): Promise<void> {
  if (indexes.length === 0) return
  const first = await nextPosition(db, namespaceId)
  await db
    .insertInto('payload_indexes')
    .values(
      indexes.map((index, i) => ({
        namespace_id: namespaceId,
        path: index.path,
        ...declarationColumns(index),
        state: index.state,
        error: index.error,
        before: before && JSON.stringify(before),
        position: first + i,
        created_at: sql<Date>`now()`,
        updated_at: sql<Date>`now()`,
      })),
    )
    .execute()
}

/** In the order of their declaration. */
export async function readIndexes(db: Db, namespaceId: string): Promise<IndexRow[]> {
  return (await readIndexesOf(db, [namespaceId])).get(namespaceId) ?? []
}

/** Of several namespaces at once; one without indexes is absent. */
export async function readIndexesOf(
  db: Db,
  namespaceIds: readonly string[],
): Promise<Map<string, IndexRow[]>> {
  if (namespaceIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('payload_indexes')
    .selectAll()
    .where('namespace_id', 'in', [...namespaceIds])
    .orderBy('position')
    .orderBy('path')
    .execute()
  return Map.groupBy(rows.map(namespaceAndIndex), ([id]) => id)
    .entries()
    .reduce(
      (all, [id, pairs]) =>
        all.set(
          id,
          pairs.map(([, index]) => index),
        ),
      new Map<string, IndexRow[]>(),
    )
}

/** The new declaration, to be built; the old one is kept beside it. */
export async function redeclareIndex(
  db: Db,
  namespaceId: string,
  from: PayloadIndex,
  to: DeclaredIndex,
): Promise<void> {
  await at(db, namespaceId, from.path)
    .set({
      ...declarationColumns({ ...to, origin: 'user', isProtected: false }),
      state: 'pending',
      error: null,
      before: JSON.stringify(declaredBefore(from)),
      updated_at: sql<Date>`now()`,
    })
    .execute()
}

/** The intent to drop it; the row goes with `settleIndexes`. */
export async function markIndexDropping(
  db: Db,
  namespaceId: string,
  index: PayloadIndex,
): Promise<void> {
  await at(db, namespaceId, index.path)
    .set({ state: 'dropping', error: null, before: JSON.stringify(declaredBefore(index)) })
    .execute()
}

/** The intent to build one that was only listed; false where it is no longer so. */
export async function markVirtualPending(
  db: Db,
  namespaceId: string,
  path: string,
): Promise<boolean> {
  const { numUpdatedRows } = await at(db, namespaceId, path)
    .set({ state: 'pending', error: null, before: JSON.stringify({ kind: 'virtual' }) })
    .where('state', '=', 'virtual')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The intent to drop one that was only listed before it was built: it will be again. */
export async function markVirtualDropping(
  db: Db,
  namespaceId: string,
  path: string,
): Promise<void> {
  await at(db, namespaceId, path)
    .set({ state: 'dropping', error: null, before: JSON.stringify({ kind: 'virtual' }) })
    .execute()
}

export async function markIndex(
  db: Db,
  namespaceId: string,
  path: string,
  state: IndexState,
  error: string | null = null,
): Promise<void> {
  await at(db, namespaceId, path).set({ state, error }).execute()
}

/** The change is whole: what was to be dropped is gone, or only listed again; the rest stands as declared. */
export async function settleIndexes(db: Db, namespaceId: string): Promise<void> {
  await db
    .updateTable('payload_indexes')
    .set({ state: 'virtual', before: null, updated_at: sql<Date>`now()` })
    .where('namespace_id', '=', namespaceId)
    .where('state', '=', 'dropping')
    .where(sql<boolean>`before ->> 'kind' = 'virtual'`)
    .execute()
  await db
    .deleteFrom('payload_indexes')
    .where('namespace_id', '=', namespaceId)
    .where('state', '=', 'dropping')
    .execute()
  await db
    .updateTable('payload_indexes')
    .set({ before: null, updated_at: sql<Date>`now()` })
    .where('namespace_id', '=', namespaceId)
    .where('before', 'is not', null)
    .execute()
}

/**
 * Turns the intents of a change round: what was to come is to go, what was there is to be there again, with the
 * reason beside it. The engine follows by the same way as for any intent.
 */
export async function takeBackIndexes(db: Db, namespaceId: string, reason: string): Promise<void> {
  for (const { path, before } of await readIndexes(db, namespaceId)) {
    if (before?.kind === 'absent' || before?.kind === 'virtual')
      await markIndex(db, namespaceId, path, 'dropping', reason)
    if (before?.kind === 'declared') {
      await at(db, namespaceId, path)
        .set({ ...declarationColumns(before), state: 'pending', error: reason, before: null })
        .execute()
    }
  }
}

/** Whether an intent of it is not yet followed by the engine, or not yet settled. */
export function isUnsettled({ state, before }: IndexRow): boolean {
  return state === 'pending' || state === 'building' || state === 'dropping' || before !== null
}

function at(db: Db, namespaceId: string, path: string) {
  return db
    .updateTable('payload_indexes')
    .where('namespace_id', '=', namespaceId)
    .where('path', '=', path)
}

async function nextPosition(db: Db, namespaceId: string): Promise<number> {
  const row = await db
    .selectFrom('payload_indexes')
    .select(({ fn }) => fn.max('position').as('last'))
    .where('namespace_id', '=', namespaceId)
    .executeTakeFirst()
  return Number(row?.last ?? -1) + 1
}

function declaredBefore({ fieldName, schema, origin, isProtected }: PayloadIndex): IndexBefore {
  return { kind: 'declared', fieldName, schema, origin, isProtected }
}

function declarationColumns({
  fieldName,
  schema,
  origin,
  isProtected,
}: Pick<PayloadIndex, 'fieldName' | 'schema' | 'origin' | 'isProtected'>) {
  return {
    field_name: fieldName,
    type: schema.type,
    field_schema: JSON.stringify(schema),
    origin,
    is_protected: isProtected,
  }
}

function namespaceAndIndex(row: Row): [string, IndexRow] {
  const index: IndexRow = {
    fieldName: row.field_name,
    path: row.path,
    schema: row.field_schema as PayloadFieldSchema,
    origin: row.origin,
    isProtected: row.is_protected,
    state: row.state,
    error: row.error,
    before: row.before,
  }
  return [row.namespace_id, index]
}
