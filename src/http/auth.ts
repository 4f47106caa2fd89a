import { authenticate } from '../domain/organizations/authenticate.ts'
import { fail } from '../domain/failure.ts'
import { allows, type Principal } from '../domain/organizations/principal.ts'
import { scopeAllows } from '../domain/organizations/scope-allows.ts'
import type { Ports } from '../ports/ports.ts'
import type { Route } from './route.ts'

/** Who calls a public route: nobody in particular, with no rights. */
const anonymous: Principal = {
  organizationId: '',
  internalId: '',
  userId: '',
  keyId: '',
  permissions: [],
  scopes: [],
}

/**
 * Whose key the request carries. Throws `unauthorized`, and `forbidden` where the key's permissions do not reach
 * what the route declares.
 */
export async function authorize(
  ports: Pick<Ports, 'db' | 'cache' | 'now'>,
  route: Route,
  headers: Headers,
): Promise<Principal> {
  if (route.access === 'public') return anonymous
  const principal = await authenticate(ports, bearerOf(headers))
  if (!allows(principal, route.access)) {
    const reason = `${route.method} ${route.path} needs a key with the permission '${route.access}'.`
    throw fail('forbidden', { reason, needed: route.access })
  }
  return principal
}

/** A key that is bound to resources reaches nothing else (contract 1.5). Throws `forbidden`. */
export function authorizeScope(
  principal: Principal,
  route: Route,
  params: Readonly<Record<string, string>>,
  namespace: { id: string; name: string } | null,
): void {
  if (route.access === 'public' || principal.scopes.length === 0) return
  const resources = Object.entries(params).map(([name, id]) => ({
    type: resourceOf(name),
    ids: [id],
  }))
  if (namespace) resources.push({ type: 'namespace', ids: [namespace.id, namespace.name] })
  if (scopeAllows(principal.scopes, route.access, resources)) return
  throw fail('forbidden', {
    reason: 'The scopes of this key do not reach that resource.',
    needed: route.access,
  })
}

/** `bucket_identifier` and `bucket_id` are both a bucket; keys go by `key_name`. */
function resourceOf(parameter: string): string {
  if (parameter === 'key_name') return 'api_key'
  return parameter.replace(/_(?:identifier|id|email|name)$/, '')
}

/**
 * The key of `Authorization: Bearer sk_…`. Of two such lines the first counts: real clients send the header twice,
 * and the server joins them (contract 2.1, 2).
 */
export function bearerOf(headers: Headers): string {
  const header = headers.get('authorization')
  if (header === null || header.trim() === '') {
    throw fail('unauthorized', {
      reason: 'The Authorization header is missing; send Authorization: Bearer sk_….',
    })
  }
  const found = /^\s*(?:Bearer\s+)?(sk_[^\s,]+)/i.exec(header)
  if (!found?.[1]) {
    throw fail('unauthorized', {
      reason: 'The Authorization header is not of the form Bearer sk_….',
    })
  }
  return found[1]
}
