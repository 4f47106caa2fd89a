import { createCipheriv, createDecipheriv, hash } from 'node:crypto'
import type { Ports } from '../../ports/ports.ts'
import { readSigningKey } from '../../store/signing-keys.ts'
import type { Namespace } from '../namespaces/namespace.ts'

/** How events are named on the wire, of one namespace. */
export interface EventIds {
  idOf(number: string): string
  /** Null for what is no id of this namespace's ledger. */
  numberOf(id: string): string | null
}

/** PostgreSQL numbers events throughout the server: their numbers would count what others do. */
export async function eventIdsOf(
  { db }: Pick<Ports, 'db'>,
  namespace: Pick<Namespace, 'id'>,
): Promise<EventIds> {
  return eventIds(await readSigningKey(db, 'event ids'), namespace)
}

/** One block of a cipher holds the namespace and the number: neither can be read, nor an id of another be made. */
export function eventIds(key: Buffer, { id }: Pick<Namespace, 'id'>): EventIds {
  const owner = hash('sha256', id, 'buffer').subarray(0, 8)
  return {
    idOf(number) {
      const block = Buffer.alloc(16)
      block.set(owner)
      block.writeBigInt64BE(BigInt(number), 8)
      const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
      return `evt_${cipher.update(block, undefined, 'hex')}`
    },
    numberOf(text) {
      const [, hex] = /^evt_([0-9a-f]{32})$/.exec(text) ?? []
      if (hex === undefined) return null
      const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false)
      const block = decipher.update(hex, 'hex')
      return owner.equals(block.subarray(0, 8)) ? block.readBigInt64BE(8).toString() : null
    },
  }
}
