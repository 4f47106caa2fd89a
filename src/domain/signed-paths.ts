import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Ports } from '../ports/ports.ts'
import { readSigningKey } from '../store/signing-keys.ts'
import { fail } from './failure.ts'

export interface SignedQuery {
  /** Unix seconds. */
  expires: string
  signature: string
}

const keyName = 'urls'

/** A path with a query by which anybody may send this one request until `expiresAt`: no key is needed. */
export async function signPath(
  { db }: Pick<Ports, 'db'>,
  method: 'GET' | 'PUT',
  path: string,
  expiresAt: Date,
): Promise<string> {
  const expires = String(Math.floor(expiresAt.getTime() / 1000))
  const signature = sign(await readSigningKey(db, keyName), method, path, expires)
  return `${path}?expires=${expires}&signature=${signature.toString('base64url')}`
}

/** Throws `forbidden` for a signature that is not ours, or whose time is up. */
export async function checkSignature(
  { db, now }: Pick<Ports, 'db' | 'now'>,
  method: 'GET' | 'PUT',
  path: string,
  { expires, signature }: SignedQuery,
): Promise<void> {
  const wanted = sign(await readSigningKey(db, keyName), method, path, expires)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw fail('forbidden', { reason: 'The signature of this URL is not valid.' })
  }
  if (Number(expires) * 1000 < now().getTime()) {
    throw fail('forbidden', { reason: 'This URL has expired; ask for a new one.' })
  }
}

function sign(key: Buffer, method: string, path: string, expires: string): Buffer {
  return createHmac('sha256', key).update(`${method}\n${path}\n${expires}`).digest()
}
