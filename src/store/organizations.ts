import type { Selectable } from 'kysely'
import type { Organization } from '../domain/organizations/organization.ts'
import type { Db, Tables } from './tables.ts'

export async function insertOrganization(db: Db, organization: Organization): Promise<void> {
  await db
    .insertInto('organizations')
    .values({
      id: organization.id,
      internal_id: organization.internalId,
      name: organization.name,
      account_type: organization.accountType,
      profile: JSON.stringify(organization.profile),
      metadata: JSON.stringify(organization.metadata),
      created_at: organization.createdAt,
      updated_at: organization.updatedAt,
    })
    .execute()
}

/** The one that the first start made; null before it. */
export async function readFirstOrganization(db: Db): Promise<Organization | null> {
  const row = await db
    .selectFrom('organizations')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row ? organizationOf(row) : null
}

export async function readOrganization(db: Db, id: string): Promise<Organization | null> {
  const row = await db
    .selectFrom('organizations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? organizationOf(row) : null
}

export async function updateOrganization(db: Db, organization: Organization): Promise<void> {
  await db
    .updateTable('organizations')
    .set({
      name: organization.name,
      profile: JSON.stringify(organization.profile),
      metadata: JSON.stringify(organization.metadata),
      updated_at: organization.updatedAt,
    })
    .where('id', '=', organization.id)
    .execute()
}

function organizationOf(row: Selectable<Tables['organizations']>): Organization {
  return {
    id: row.id,
    internalId: row.internal_id,
    name: row.name,
    accountType: row.account_type,
    profile: row.profile,
    metadata: row.metadata,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
