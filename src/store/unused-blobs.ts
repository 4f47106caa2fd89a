import { sql } from 'kysely'
import type { Db } from './tables.ts'

/** How long a content may stand in the blob store before the row that names it is committed. */
const arrivalSeconds = 600

/** Before contents are put: where their rows never come, because of a fault or a kill, they are looked at again. */
export async function noteArrivals(db: Db, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return
  await sql`
    insert into unused_blobs (hash, due_at)
    select hash, now() + make_interval(secs => ${arrivalSeconds})
    from unnest(${hashes}::text[]) as given (hash)
  `.execute(db)
}

/** Rows name these now. Notes that another transaction holds stay, and are found to be wrong when they are due. */
export async function forgetArrivals(db: Db, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return
  await sql`
    delete from unused_blobs where ctid = any(array(
      select ctid from unused_blobs where hash = any(${hashes}::text[]) for update skip locked))
  `.execute(db)
}

/** Contents that are due to be looked at. */
export async function readUnusedBlobs(db: Db, limit: number): Promise<string[]> {
  const { rows } = await sql<{ hash: string }>`
    select distinct hash from unused_blobs where due_at <= now() limit ${limit}
  `.execute(db)
  return rows.map(({ hash }) => hash)
}

/** Takes the due notes of a content away: it is gone, or it is used. */
export async function forgetUnusedBlob(db: Db, hash: string): Promise<void> {
  await sql`delete from unused_blobs where hash = ${hash} and due_at <= now()`.execute(db)
}
