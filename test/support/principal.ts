import { ensureFirstKey } from '../../src/domain/organizations/ensure-first-key.ts'
import type { Permission, Principal } from '../../src/domain/organizations/principal.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readFirstOrganization } from '../../src/store/organizations.ts'

/** Somebody with every permission in the first organization, which is made where it is absent. */
export async function adminOf(ports: Ports, permission: Permission = 'admin'): Promise<Principal> {
  await ensureFirstKey(ports, { adminKey: 'sk_test_0123456789abcdef' })
  const organization = await readFirstOrganization(ports.db)
  if (!organization) throw new Error('the first key brings an organization')
  return {
    organizationId: organization.id,
    internalId: organization.internalId,
    userId: 'usr_test',
    keyId: 'key_test',
    permissions: [permission],
    scopes: [],
  }
}
