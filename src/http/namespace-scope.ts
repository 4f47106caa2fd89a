import { fail } from '../domain/failure.ts'
import { findNamespace } from '../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../domain/namespaces/namespace.ts'
import type { Principal } from '../domain/organizations/principal.ts'
import type { Ports } from '../ports/ports.ts'

/**
 * The namespace that the path or `X-Namespace` names, by id or name. Without either: the organization's only one.
 * Throws `bad_request` where there is none or more than one, also where path and header name two, and `not_found`
 * where a name is unknown (contract 1.1).
 */
export async function namespaceOf(
  ports: Ports,
  { organizationId }: Principal,
  headers: Headers,
  inPath: string | null,
): Promise<Namespace> {
  const header = (headers.get('x-namespace') ?? headers.get('x-namespace-id') ?? '').trim()
  if (inPath !== null) return await namespaceInPath(ports, organizationId, inPath, header)
  const identifier = header || (await onlyNamespace(ports, organizationId))
  if (identifier === null) {
    throw fail('bad_request', {
      reason: 'The X-Namespace header is missing; send the id or the name of a namespace.',
      details: { header: 'X-Namespace' },
    })
  }
  return await findNamespace(ports, organizationId, headerText(identifier))
}

/** Clients that set the header once send it everywhere: it may repeat the path, never contradict it. */
async function namespaceInPath(
  ports: Ports,
  organizationId: string,
  inPath: string,
  header: string,
): Promise<Namespace> {
  const namespace = await findNamespace(ports, organizationId, inPath)
  if (header === '') return namespace
  const other = await findNamespace(ports, organizationId, headerText(header))
  if (other.id === namespace.id) return namespace
  throw fail('bad_request', {
    reason: `The path names namespace '${namespace.name}', the X-Namespace header '${other.name}'.`,
    hint: 'Leave the header out, or send the same namespace in both.',
    details: { header: 'X-Namespace' },
  })
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
