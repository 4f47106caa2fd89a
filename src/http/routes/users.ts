import { z } from 'zod'
import {
  changeUser,
  createUser,
  deleteUser,
  findUser,
} from '../../domain/organizations/manage-users.ts'
import { userAnswer, userRoles, userStatuses } from '../../domain/organizations/user.ts'
import { listUsers } from '../../store/users.ts'
import { countText } from '../pagination.ts'
import { route } from '../route.ts'

export const userEmailParam = z.object({ user_email: z.string().min(1).max(320) })

const fields = {
  avatar_url: z.string().max(2_000).nullish(),
  role: z.enum(userRoles).nullish(),
  status: z.enum(userStatuses).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
}
const userName = z.string().trim().min(2).max(100)
const newUser = z.object({
  email: z
    .string()
    .trim()
    .max(320)
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'),
  user_name: userName,
  ...fields,
})
const userChange = z.object({ user_name: userName.nullish(), ...fields })

const user = z.object({
  user_id: z.string(),
  email: z.string(),
  user_name: z.string(),
  role: z.enum(userRoles),
  status: z.enum(userStatuses),
  avatar_url: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})
/** Flat and nested, since clients read either (contract 6.2). */
const oneUser = user.extend({ success: z.literal(true), user })
export const doneAnswer = z.object({ success: z.literal(true), message: z.string() })

const listQuery = z.object({
  skip: countText(0, 1_000_000).default(0),
  limit: countText(1, 1_000).default(50),
  role: z.enum(userRoles).optional(),
  status: z.enum(userStatuses).optional(),
})

export const userRoutes = [
  route({
    operationId: 'createUser',
    method: 'POST',
    path: '/v1/organizations/users',
    summary: 'Add a user to the organization',
    tag: 'users',
    access: 'admin',
    body: newUser,
    bodyRequired: true,
    response: oneUser,
    failures: ['unauthorized', 'forbidden', 'request_invalid', 'already_exists'],
    handle: async ({ ports, principal, body }) =>
      answer(
        await createUser(ports, principal, {
          email: body.email,
          ...specOf(body),
          name: body.user_name,
        }),
      ),
  }),
  route({
    operationId: 'listUsers',
    method: 'GET',
    path: '/v1/organizations/users',
    summary: 'The users of the organization',
    tag: 'users',
    access: 'read',
    query: listQuery,
    response: z.object({ results: z.array(user), total: z.int(), skip: z.int(), limit: z.int() }),
    failures: ['unauthorized', 'forbidden', 'request_invalid'],
    handle: async ({ ports, principal, query }) => {
      const { skip, limit, role = null, status = null } = query
      const page = { skip, limit, role, status }
      const { users, total } = await listUsers(ports.db, principal.organizationId, page)
      return { results: users.map(userAnswer), total, skip, limit }
    },
  }),
  route({
    operationId: 'getUser',
    method: 'GET',
    path: '/v1/organizations/users/{user_email}',
    summary: 'One user, by e-mail',
    tag: 'users',
    access: 'read',
    params: userEmailParam,
    response: oneUser,
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params }) =>
      answer(await findUser(ports, principal, params.user_email)),
  }),
  route({
    operationId: 'updateUser',
    method: 'PATCH',
    path: '/v1/organizations/users/{user_email}',
    summary: 'Change what is given of a user; metadata is replaced whole',
    tag: 'users',
    access: 'admin',
    params: userEmailParam,
    body: userChange,
    response: oneUser,
    failures: ['unauthorized', 'forbidden', 'request_invalid', 'not_found'],
    handle: async ({ ports, principal, params, body }) =>
      answer(await changeUser(ports, principal, params.user_email, specOf(body))),
  }),
  route({
    operationId: 'deleteUser',
    method: 'DELETE',
    path: '/v1/organizations/users/{user_email}',
    summary: 'Remove a user; their keys stop to work',
    tag: 'users',
    access: 'admin',
    params: userEmailParam,
    status: 200,
    response: doneAnswer,
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params }) => {
      await deleteUser(ports, principal, params.user_email)
      return {
        success: true as const,
        message: `User ${params.user_email} and their keys are gone.`,
      }
    },
  }),
]

function answer(found: Parameters<typeof userAnswer>[0]) {
  const one = userAnswer(found)
  return { success: true as const, user: one, ...one }
}

/** Null is as absent, but for the avatar, which it clears. */
function specOf(body: z.infer<typeof userChange>) {
  return {
    name: body.user_name ?? undefined,
    role: body.role ?? undefined,
    status: body.status ?? undefined,
    avatarUrl: body.avatar_url,
    metadata: body.metadata ?? undefined,
  }
}
