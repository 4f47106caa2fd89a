import { findCredential } from '../../store/api-keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { fail } from '../failure.ts'
import { hashOf, statusAt } from './api-key.ts'
import type { Principal } from './principal.ts'

/** No key of ours is longer; more is not even hashed. */
const keyLengthMax = 512

/**
 * Who the key stands for. Every key costs one hash and one look into the cache, a wrong one as much as a right one.
 * Throws `unauthorized` where it is unknown, revoked or expired, or its user is not active.
 */
export async function authenticate(
  { db, cache, now }: Pick<Ports, 'db' | 'cache' | 'now'>,
  key: string,
): Promise<Principal> {
  const hash = hashOf(key.slice(0, keyLengthMax))
  const credential =
    cache.peek<Awaited<ReturnType<typeof findCredential>>>('api_keys', hash) ??
    (await cache.get('api_keys', hash, () => findCredential(db, hash)))
  if (!credential || key.length > keyLengthMax) throw refused('is not known')
  const status = statusAt(credential, now())
  if (status !== 'active') throw refused(`is ${status}`)
  if (credential.userStatus !== 'active')
    throw refused(`belongs to a user who is ${credential.userStatus}`)
  return credential.principal
}

function refused(reason: string) {
  return fail('unauthorized', { reason: `The API key ${reason}.` })
}
