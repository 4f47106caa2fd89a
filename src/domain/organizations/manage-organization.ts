import type { Ports } from '../../ports/ports.ts'
import { readOrganization, updateOrganization } from '../../store/organizations.ts'
import { fail } from '../failure.ts'
import type { Organization, OrganizationProfile } from './organization.ts'

export interface OrganizationChange {
  name?: string | undefined
  metadata?: Record<string, unknown> | undefined
  profile: OrganizationProfile
}

/** Throws `not_found` where it is gone. */
export async function findOrganization(
  { db }: Pick<Ports, 'db'>,
  id: string,
): Promise<Organization> {
  const organization = await readOrganization(db, id)
  if (!organization) throw fail('not_found', { resource: 'organization', id })
  return organization
}

/** `metadata` replaces what was there; what of the profile is given is merged into it (contract 6.1). */
export async function changeOrganization(
  ports: Pick<Ports, 'db' | 'now'>,
  id: string,
  { name, metadata, profile }: OrganizationChange,
): Promise<Organization> {
  return await ports.db.transaction().execute(async (db) => {
    const before = await findOrganization({ db }, id)
    const after: Organization = {
      ...before,
      name: name ?? before.name,
      metadata: metadata ?? before.metadata,
      profile: {
        ...before.profile,
        ...profile,
        rate_limits: { ...before.profile.rate_limits, ...profile.rate_limits },
      },
      updatedAt: ports.now(),
    }
    await updateOrganization(db, after)
    return after
  })
}
