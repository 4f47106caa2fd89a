import type { Permission } from './principal.ts'

/** Which of a scope's `operations` a permission stands for (contract 1.5). */
const operationsOf: Readonly<Record<Permission, readonly string[]>> = {
  read: ['read_data', 'execute_retriever'],
  write: [
    'write_data',
    'create_retriever',
    'execute_job',
    'cancel_job',
    'create_cluster',
    'modify_cluster',
  ],
  delete: ['delete_data', 'delete_retriever', 'delete_cluster'],
  admin: ['manage_permissions', 'modify_infrastructure'],
}

/** A resource that a request touches, with every name it goes by. */
export interface TouchedResource {
  type: string
  ids: readonly string[]
}

/**
 * Whether one of the scopes covers one of the touched resources for what is done to it. An organization scope covers
 * everything; a scope whose resource the request does not name covers nothing (contract 1.5).
 */
export function scopeAllows(
  scopes: readonly Record<string, unknown>[],
  needed: Permission,
  resources: readonly TouchedResource[],
): boolean {
  return scopes.some((scope) => {
    if (!coversOperation(scope['operations'], needed)) return false
    if (scope['resource_type'] === 'organization') return true
    const pattern = scope['resource_id']
    if (typeof pattern !== 'string') return false
    return resources.some(
      ({ type, ids }) => type === scope['resource_type'] && ids.some((id) => matches(pattern, id)),
    )
  })
}

function coversOperation(operations: unknown, needed: Permission): boolean {
  if (!Array.isArray(operations) || operations.length === 0) return true
  return operations.some((operation) => operationsOf[needed].includes(String(operation)))
}

/** `*` stands for any characters, also none. */
function matches(pattern: string, id: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === id
  if (!id.startsWith(first)) return false
  const last = rest.pop() ?? ''
  let from = first.length
  for (const piece of rest) {
    const at = id.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return id.length - last.length >= from && id.endsWith(last)
}
