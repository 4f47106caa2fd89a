/** Who owns namespaces, users and keys; one of them comes with the first start. */
export interface Organization {
  id: string
  /** Opaque; told in key models only (contract 6.3). */
  internalId: string
  name: string
  accountType: 'free' | 'pro' | 'team' | 'enterprise'
  profile: OrganizationProfile
  metadata: Record<string, unknown>
  createdAt: Date
  updatedAt: Date
}

/** Kept and told; nothing here acts on it. */
export interface OrganizationProfile {
  logo_url?: string | null
  billing_email?: string | null
  /** Requests a minute by category. */
  rate_limits?: Partial<RateLimits>
}

const rateCategories = ['metadata', 'data', 'search', 'upload', 'compute'] as const
export type RateLimits = Record<(typeof rateCategories)[number], number>

/** The wire shape of contract 6.1. */
export function organizationAnswer(organization: Organization) {
  const { profile } = organization
  const limits = Object.fromEntries(
    rateCategories.map((name) => [name, profile.rate_limits?.[name] ?? 10]),
  )
  return {
    organization_id: organization.id,
    organization_name: organization.name,
    account_type: organization.accountType,
    logo_url: profile.logo_url ?? null,
    billing_email: profile.billing_email ?? null,
    // Nobody is billed here.
    credit_count: 0,
    auto_billing_enabled: false,
    billing_cycle_start: 1,
    current_month_usage: 0,
    rate_limits: limits as RateLimits,
    metadata: organization.metadata,
    users: null,
    created_at: organization.createdAt.toISOString(),
    updated_at: organization.updatedAt.toISOString(),
  }
}
