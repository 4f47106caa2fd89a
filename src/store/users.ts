import type { Selectable } from 'kysely'
import type { User, UserRole, UserStatus } from '../domain/organizations/user.ts'
import type { Db, Tables } from './tables.ts'

/** False, with nothing written, where the organization has a user of this e-mail. */
export async function insertUser(db: Db, user: User): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('users')
    .values({
      id: user.id,
      organization_id: user.organizationId,
      created_at: user.createdAt,
      ...columnsOf(user),
    })
    .onConflict((conflict) => conflict.columns(['organization_id', 'email']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function readUserByEmail(
  db: Db,
  organizationId: string,
  email: string,
): Promise<User | null> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('email', '=', email)
    .executeTakeFirst()
  return row ? userOf(row) : null
}

/** A page of an organization's users in the order they came, and how many there are in all. */
export async function listUsers(
  db: Db,
  organizationId: string,
  request: { skip: number; limit: number; role: UserRole | null; status: UserStatus | null },
): Promise<{ users: User[]; total: number }> {
  let query = db.selectFrom('users').where('organization_id', '=', organizationId)
  if (request.role) query = query.where('role', '=', request.role)
  if (request.status) query = query.where('status', '=', request.status)
  const rows = await query
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .offset(request.skip)
    .limit(request.limit)
    .execute()
  const { total } = await query
    .select((eb) => eb.fn.countAll<string>().as('total'))
    .executeTakeFirstOrThrow()
  return { users: rows.map(userOf), total: Number(total) }
}

export async function updateUser(db: Db, user: User): Promise<void> {
  await db.updateTable('users').set(columnsOf(user)).where('id', '=', user.id).execute()
}

/** The user's keys go with it. */
export async function deleteUser(db: Db, id: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).execute()
}

function columnsOf(user: User) {
  return {
    email: user.email,
    name: user.name,
    role: user.role,
    status: user.status,
    avatar_url: user.avatarUrl,
    metadata: JSON.stringify(user.metadata),
    updated_at: user.updatedAt,
  }
}

function userOf(row: Selectable<Tables['users']>): User {
  return {
    id: row.id,
    organizationId: row.organization_id,
    email: row.email,
    name: row.name,
    role: row.role,
    status: row.status,
    avatarUrl: row.avatar_url,
    metadata: row.metadata,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
