import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import { fail } from '../domain/failure.ts'
import { hasState } from './database-failure.ts'
import type { Db } from './tables.ts'

/** Times are PostgreSQL's, so that clocks of processes need not agree. */
function expiry(lifeMs: number): RawBuilder<Date> {
  return sql`clock_timestamp() + ${lifeMs} * interval '1 millisecond'`
}

/**
 * Claims the namespace for one holder. From then on no new share is given; those that are there run out.
 * Null where another holds the claim. Throws `not_found` where the namespace is gone.
 */
export async function claimLease(
  db: Db,
  claim: { namespaceId: string; holder: string; purpose: string; lifeMs: number },
): Promise<bigint | null> {
  await ensureLease(db, claim.namespaceId)
  const { rows } = await sql<{ token: string }>`
    update namespace_leases
    set token = token + 1, holder = ${claim.holder}, purpose = ${claim.purpose}, expires_at = ${expiry(claim.lifeMs)}
    where namespace_id = ${claim.namespaceId} and (holder is null or expires_at <= clock_timestamp())
    returning token`.execute(db)
  return rows[0] ? BigInt(rows[0].token) : null
}

/** False where the claim has run out: others may have come in since, so it is not renewed. */
export async function renewLease(
  db: Db,
  { namespaceId, token, lifeMs }: { namespaceId: string; token: bigint; lifeMs: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update namespace_leases set expires_at = ${expiry(lifeMs)}
    where namespace_id = ${namespaceId} and token = ${token} and holder is not null
      and expires_at > clock_timestamp()`.execute(db)
  return numAffectedRows === 1n
}

export async function releaseLease(
  db: Db,
  { namespaceId, token }: { namespaceId: string; token: bigint },
) {
  await sql`
    update namespace_leases set holder = null, purpose = null, expires_at = null
    where namespace_id = ${namespaceId} and token = ${token}`.execute(db)
}

/** What the namespace is claimed for; null where it is free. */
export async function readPurpose(db: Db, namespaceId: string): Promise<string | null> {
  const { rows } = await sql<{ purpose: string }>`
    select purpose from namespace_leases
    where namespace_id = ${namespaceId} and holder is not null and expires_at > clock_timestamp()`.execute(
    db,
  )
  return rows[0]?.purpose ?? null
}

/**
 * Takes a share, or makes it last longer. Null where somebody has claimed the namespace. The claim's row is locked
 * meanwhile, so a claim comes before the share or sees it. Answers the token of the last claim.
 */
export async function takeShare(
  db: Db,
  { namespaceId, holder, lifeMs }: { namespaceId: string; holder: string; lifeMs: number },
): Promise<bigint | null> {
  await ensureLease(db, namespaceId)
  const { rows } = await sql<{ token: string }>`
    with lease as (
      select namespace_id, holder, expires_at, token from namespace_leases where namespace_id = ${namespaceId} for share
    )
    insert into namespace_lease_shares (namespace_id, holder, expires_at)
    select namespace_id, ${holder}, ${expiry(lifeMs)} from lease
    where lease.holder is null or lease.expires_at <= clock_timestamp()
    on conflict (namespace_id, holder) do update set expires_at = excluded.expires_at
    returning (select token from lease) as token`.execute(db)
  return rows[0] ? BigInt(rows[0].token) : null
}

/** Makes a share last longer. `lost`: it had run out; `claimed`: somebody waits for it to be given back. */
export async function renewShare(
  db: Db,
  { namespaceId, holder, lifeMs }: { namespaceId: string; holder: string; lifeMs: number },
): Promise<'kept' | 'claimed' | 'lost'> {
  const { rows } = await sql<{ claimed: boolean }>`
    update namespace_lease_shares set expires_at = ${expiry(lifeMs)}
    where namespace_id = ${namespaceId} and holder = ${holder} and expires_at > clock_timestamp()
    returning exists (
      select from namespace_leases l
      where l.namespace_id = ${namespaceId} and l.holder is not null and l.expires_at > clock_timestamp()
    ) as claimed`.execute(db)
  if (!rows[0]) return 'lost'
  return rows[0].claimed ? 'claimed' : 'kept'
}

export async function releaseShare(
  db: Db,
  { namespaceId, holder }: { namespaceId: string; holder: string },
) {
  await sql`delete from namespace_lease_shares
    where namespace_id = ${namespaceId} and holder = ${holder}`.execute(db)
}

/** How many processes still write; shares of dead ones are cleared away. */
export async function countShares(db: Db, namespaceId: string): Promise<number> {
  await sql`delete from namespace_lease_shares
    where namespace_id = ${namespaceId} and expires_at <= clock_timestamp()`.execute(db)
  const { rows } = await sql<{ count: string }>`
    select count(*) as count from namespace_lease_shares where namespace_id = ${namespaceId}`.execute(
    db,
  )
  return Number(rows[0]?.count)
}

/** Everything that a process held, at its end. */
export async function releaseHolder(db: Db, holder: string): Promise<void> {
  await sql`delete from namespace_lease_shares where holder = ${holder}`.execute(db)
  await sql`update namespace_leases set holder = null, purpose = null, expires_at = null
    where holder = ${holder}`.execute(db)
}

/** Everything that anybody held: for a process that knows itself to be the only one. */
export async function releaseEveryHolder(db: Db): Promise<void> {
  await sql`delete from namespace_lease_shares`.execute(db)
  await sql`update namespace_leases set holder = null, purpose = null, expires_at = null
    where holder is not null`.execute(db)
}

async function ensureLease(db: Db, namespaceId: string): Promise<void> {
  try {
    await sql`insert into namespace_leases (namespace_id) values (${namespaceId})
      on conflict (namespace_id) do nothing`.execute(db)
  } catch (error) {
    const foreignKeyViolation = '23503'
    if (!hasState(error, foreignKeyViolation)) throw error
    throw fail('not_found', { resource: 'namespace', id: namespaceId }, { cause: error })
  }
}
