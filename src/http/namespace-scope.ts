import { fail } from '../domain/failure.ts'
import { findNamespace } from '../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../domain/namespaces/namespace.ts'
import type { Principal } from '../domain/organizations/principal.ts'
import type { Ports } from '../ports/ports.ts'

/**
 * The namespace that `X-Namespace` names, by id or name. Without the header: the organization's only one.
 * Throws `bad_request` where there is none or more than one, `not_found` where the name is unknown (contract 1.1).
 */
export async function namespaceOf(
  ports: Ports,
  principal: Principal,
  headers: Headers,
): Promise<Namespace> {
  const given = headers.get('x-namespace') ?? headers.get('x-namespace-id')
  const identifier = given?.trim() || (await onlyNamespace(ports, principal.organizationId))
  if (identifier === null) {
    throw fail('bad_request', {
      reason: 'The X-Namespace header is missing; send the id or the name of a namespace.',
      details: { header: 'X-Namespace' },
    })
  }
  return await findNamespace(ports, principal.organizationId, headerText(identifier))
}

/** Headers arrive as Latin-1; a name beyond ASCII was sent as UTF-8. */
function headerText(value: string): string {
  // oxlint-disable-next-line no-control-regex -- exactly the bytes that need no decoding
  if (/^[\u0000-\u007f]*$/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? value : text
}

/** Cached like a namespace's row: made, renamed and deleted ones are heard of the same way. */
async function onlyNamespace(ports: Ports, organizationId: string): Promise<string | null> {
  return await ports.cache.get('namespaces', `only:${organizationId}`, async () => {
    const rows = await ports.db
      .selectFrom('namespaces')
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('state', '!=', 'deleting')
      .limit(2)
      .execute()
    return rows.length === 1 ? (rows[0]?.id ?? null) : null
  })
}
