import type { Ports } from '../../ports/ports.ts'
import { readOpenLoad } from '../../store/loads.ts'
import { readFirstOrganization } from '../../store/organizations.ts'
import { fail } from '../failure.ts'
import type { Principal } from '../organizations/principal.ts'

/**
 * The server's first organization is its operator's: an archive holds every organization and metrics count them all,
 * so no other may read or fill them. While an archive is loaded it is the organization that began. Throws `forbidden`.
 */
export async function checkOperator(
  { db }: Pick<Ports, 'db'>,
  { organizationId }: Pick<Principal, 'organizationId'>,
): Promise<void> {
  const operator = (await readOpenLoad(db))?.organizationId ?? (await readFirstOrganization(db))?.id
  if (operator === organizationId) return
  throw fail('forbidden', {
    reason:
      "This reaches every organization of the server: only an admin key of the first one, its operator's, may do it.",
    needed: 'admin',
  })
}
