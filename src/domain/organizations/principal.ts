/** read < write < delete < admin: a stronger one implies the weaker (contract 1.5). */
export const permissions = ['read', 'write', 'delete', 'admin'] as const
export type Permission = (typeof permissions)[number]

/** Who a request comes from, as its key says. */
export interface Principal {
  organizationId: string
  internalId: string
  userId: string
  keyId: string
  permissions: readonly Permission[]
  scopes: readonly Record<string, unknown>[]
}

/** Whether the principal's strongest permission reaches `needed`. */
export function allows(principal: Principal, needed: Permission): boolean {
  const strongest = Math.max(...principal.permissions.map((p) => permissions.indexOf(p)), -1)
  return strongest >= permissions.indexOf(needed)
}
