import type { Ports } from '../../ports/ports.ts'
import {
  insertUser,
  readUserByEmail,
  updateUser,
  deleteUser as deleteRow,
} from '../../store/users.ts'
import { fail } from '../failure.ts'
import { adminEmail } from './ensure-first-key.ts'
import type { Principal } from './principal.ts'
import type { User, UserRole, UserStatus } from './user.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>

export interface UserSpec {
  email: string
  name: string
  role?: UserRole | undefined
  status?: UserStatus | undefined
  avatarUrl?: string | null | undefined
  metadata?: Record<string, unknown> | undefined
}

/** What is undefined stays as it is. */
export type UserChange = { [K in Exclude<keyof UserSpec, 'email'>]?: UserSpec[K] | undefined }

/** Throws `already_exists` where the organization has a user of this e-mail, in whatever case. */
export async function createUser(ports: Needs, caller: Principal, spec: UserSpec): Promise<User> {
  const user: User = {
    id: ports.newId('usr'),
    organizationId: caller.organizationId,
    email: plainEmail(spec.email),
    name: spec.name,
    role: spec.role ?? 'member',
    status: spec.status ?? 'active',
    avatarUrl: spec.avatarUrl ?? null,
    metadata: spec.metadata ?? {},
    createdAt: ports.now(),
    updatedAt: ports.now(),
  }
  const isNew = await insertUser(ports.db, user)
  if (!isNew) throw fail('already_exists', { resource: 'user', name: user.email })
  return user
}

/** Throws `not_found`. */
export async function findUser(
  { db }: Pick<Ports, 'db'>,
  caller: Principal,
  email: string,
): Promise<User> {
  const user = await readUserByEmail(db, caller.organizationId, plainEmail(email))
  if (!user) throw fail('not_found', { resource: 'user', id: email })
  return user
}

/** A suspended user's keys stop to work at once. Throws `not_found`, `forbidden` for the first admin's role and status. */
export async function changeUser(
  ports: Needs,
  caller: Principal,
  email: string,
  change: UserChange,
): Promise<User> {
  const before = await findUser(ports, caller, email)
  const after: User = {
    ...before,
    name: change.name ?? before.name,
    role: change.role ?? before.role,
    status: change.status ?? before.status,
    avatarUrl: change.avatarUrl === undefined ? before.avatarUrl : change.avatarUrl,
    metadata: change.metadata ?? before.metadata,
    updatedAt: ports.now(),
  }
  if (before.email === adminEmail && (after.role !== 'admin' || after.status !== 'active')) {
    throw fail('forbidden', {
      reason: `${adminEmail} stays an active admin, or nobody could undo it.`,
    })
  }
  await updateUser(ports.db, after)
  ports.cache.forget('api_keys')
  return after
}

/** Its keys go with it. Throws `not_found`, `forbidden` for the first admin. */
export async function deleteUser(ports: Needs, caller: Principal, email: string): Promise<void> {
  const user = await findUser(ports, caller, email)
  if (user.email === adminEmail) {
    throw fail('forbidden', { reason: `${adminEmail} holds the admin key and cannot be deleted.` })
  }
  await deleteRow(ports.db, user.id)
  ports.cache.forget('api_keys')
}

function plainEmail(email: string): string {
  return email.trim().toLowerCase()
}
