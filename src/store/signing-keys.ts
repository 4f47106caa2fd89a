import { randomBytes } from 'node:crypto'
import type { Db } from './tables.ts'

/** The key of that name, which all processes on the database share; the first who asks makes it. */
export async function readSigningKey(db: Db, name: string): Promise<Buffer> {
  const known = await read(db, name)
  if (known) return known
  await db
    .insertInto('signing_keys')
    .values({ name, secret: randomBytes(32).toString('hex') })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const made = await read(db, name)
  if (!made) throw new Error(`The signing key ${name} was removed while it was made.`)
  return made
}

async function read(db: Db, name: string): Promise<Buffer | null> {
  const row = await db
    .selectFrom('signing_keys')
    .select('secret')
    .where('name', '=', name)
    .executeTakeFirst()
  return row ? Buffer.from(row.secret, 'hex') : null
}
