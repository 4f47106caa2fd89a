import { z } from 'zod'
import {
  changeOrganization,
  findOrganization,
} from '../../domain/organizations/manage-organization.ts'
import { organizationAnswer, type RateLimits } from '../../domain/organizations/organization.ts'
import { route } from '../route.ts'

const limit = z.int().min(1).max(1_000_000)
const rateLimits = z.object({
  metadata: limit,
  data: limit,
  search: limit,
  upload: limit,
  compute: limit,
} satisfies Record<keyof RateLimits, z.ZodType>)

const organization = z.object({
  organization_id: z.string(),
  organization_name: z.string(),
  account_type: z.enum(['free', 'pro', 'team', 'enterprise']),
  logo_url: z.string().nullable(),
  billing_email: z.string().nullable(),
  credit_count: z.int(),
  auto_billing_enabled: z.boolean(),
  billing_cycle_start: z.int(),
  current_month_usage: z.int(),
  rate_limits: rateLimits,
  metadata: z.record(z.string(), z.unknown()),
  users: z.null(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})

const change = z.object({
  organization_name: z.string().trim().min(1).max(100).nullish(),
  logo_url: z.string().max(2_000).nullish(),
  billing_email: z.string().max(320).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  rate_limits: rateLimits.partial().nullish(),
})

export const organizationRoutes = [
  route({
    operationId: 'getOrganization',
    method: 'GET',
    path: '/v1/organizations',
    summary: 'The organization of the key',
    tag: 'organizations',
    access: 'read',
    response: organization,
    failures: ['unauthorized', 'forbidden'],
    handle: async ({ ports, principal }) =>
      organizationAnswer(await findOrganization(ports, principal.organizationId)),
  }),
  route({
    operationId: 'updateOrganization',
    method: 'PATCH',
    path: '/v1/organizations',
    summary: 'Change what is given of the organization; metadata is replaced whole',
    tag: 'organizations',
    access: 'admin',
    body: change,
    response: organization,
    failures: ['unauthorized', 'forbidden', 'request_invalid'],
    handle: async ({ ports, principal, body }) => {
      const { organization_name, metadata, logo_url, billing_email, rate_limits } = body
      const changed = await changeOrganization(ports, principal.organizationId, {
        name: organization_name ?? undefined,
        metadata: metadata ?? undefined,
        profile: {
          ...(logo_url !== undefined && { logo_url }),
          ...(billing_email !== undefined && { billing_email }),
          ...(rate_limits && { rate_limits: given(rate_limits) }),
        },
      })
      return organizationAnswer(changed)
    },
  }),
]

/** Without the absent ones: they are unchanged. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
