import type { Ports } from '../../ports/ports.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { beginLook } from '../../store/payload-facts.ts'
import { valuesAt } from '../documents/read-pages.ts'
import { countDocuments, type ReadPorts } from '../documents/read.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { endOfLook } from './look-at-path.ts'
import type { GuardType, KindCounts } from './path-facts.ts'
import type { PathTally } from './path-tally.ts'

/** What stands at a path, in all documents of a namespace. */
export interface Census {
  path: string
  /** Of the namespace. */
  documents: number
  /** Documents with something there; null and empty lists are nothing. */
  withValue: number
  /** Documents with a list there. */
  lists: number
  kinds: KindCounts
  /** Different values, lists opened: exact up to 10,000, else null. */
  distinct: number | null
  /** Bytes of all the values, as JSON. */
  valueBytes: number
  /** How many documents have a value that an index of the schema cannot hold. */
  unheld: number
  /** Up to three such values, as JSON. */
  unheldExamples: string[]
  /** Ids of those documents' points, up to indexExceptionsMax. */
  exceptions: string[]
  isOverflown: boolean
  takenAt: string
  durationMs: number
}

export type CensusPorts = ReadPorts & Pick<Ports, 'db' | 'cache' | 'leases' | 'now'>

/**
 * Looks at every value of a path, and makes what it finds what readers go by. The path is guarded before, for the same
 * schema (null: before one is chosen), by `guardPath` or by a payload index of that type. Writes go on meanwhile, and
 * count themselves. Where the values were known already, the namespace is held alone for a moment at the beginning;
 * so not within a lease of the caller's but the exclusive one that it gives. Throws what the engine throws.
 */
export async function takeCensus(
  ports: CensusPorts,
  namespace: Namespace,
  path: string,
  options: {
    schema: PayloadFieldSchema | null
    lease?: ExclusiveLease
    signal?: AbortSignal
    onProgress?: (documents: number) => void
  },
): Promise<Census> {
  const { schema, lease, signal, onProgress } = options
  const beganAt = performance.now()
  const takenAt = ports.now().toISOString()
  const { id: namespaceId, generation } = namespace
  const place = { namespaceId, generation, path, type: schema?.type ?? ('' as const) }
  const look = await begin(ports, place, lease, signal)
  const scan = (at: string) => valuesAt(ports, namespace, at, signal)
  const tally = await endOfLook(ports, { ...place, look }, scan, onProgress)
  const documents = await countDocuments(ports, namespace, { collectionIds: null }, null, signal)
  const durationMs = Math.round(performance.now() - beganAt)
  return { path, documents, ...told(tally), takenAt, durationMs }
}

async function begin(
  { db, leases }: CensusPorts,
  place: { namespaceId: string; generation: number; path: string; type: GuardType },
  lease: ExclusiveLease | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (!lease) {
    const look = await beginLook(db, place, false)
    if (look !== null) return look
  }
  const alone = async (held: ExclusiveLease) => {
    await held.check()
    return await beginLook(db, place, true)
  }
  const look = lease
    ? await alone(lease)
    : await leases.exclusive(place.namespaceId, 'beginning a census', alone, signal && { signal })
  if (look === null) throw new Error(`No census of ${place.path} could begin.`)
  return look
}

function told(tally: PathTally) {
  const { withValue, lists, kinds, distinct, valueBytes } = tally
  const { unheld, unheldExamples, exceptions, isOverflown } = tally
  return {
    withValue,
    lists,
    kinds,
    distinct,
    valueBytes,
    unheld,
    unheldExamples,
    exceptions,
    isOverflown,
  }
}
