export const userRoles = ['admin', 'member', 'viewer'] as const
export type UserRole = (typeof userRoles)[number]
export const userStatuses = ['active', 'suspended', 'pending'] as const
export type UserStatus = (typeof userStatuses)[number]

/** A person or a program of an organization; keys belong to one. Addressed by e-mail. */
export interface User {
  id: string
  organizationId: string
  email: string
  name: string
  role: UserRole
  status: UserStatus
  avatarUrl: string | null
  metadata: Record<string, unknown>
  createdAt: Date
  updatedAt: Date
}

/** The wire shape of contract 6.2, which the sources leave open. */
export function userAnswer(user: User) {
  return {
    user_id: user.id,
    email: user.email,
    user_name: user.name,
    role: user.role,
    status: user.status,
    avatar_url: user.avatarUrl,
    metadata: user.metadata,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  }
}
