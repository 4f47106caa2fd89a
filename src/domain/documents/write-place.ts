import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readReconfigurations } from '../../store/reconfigurations.ts'
import type { SharedLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { loadWatchedValues, type WatchedValues } from '../payload-facts/watched-values.ts'
import type { Reconfiguration } from '../reconfiguration/reconfiguration.ts'

/** Where writes of a namespace go (design 7, One gate each: both generations). */
export interface WritePlace {
  /** As it stands under the lease, however old what the caller holds. */
  live: Namespace
  /** The generation that takes the live one's place before long: it gets every write as well, second. */
  pending: Namespace | null
  /** Earlier generations that an undo may bring back: they get every deletion, first. */
  retained: readonly Namespace[]
  /** Of which values the facts are told before they are written. */
  watched: WatchedValues
}

/**
 * Read once by each process after each exclusive holder, for only under its lease does any of it change; from memory
 * for every other write.
 */
export async function writePlace(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  { token }: SharedLease,
): Promise<WritePlace> {
  if (token === null) return await loadPlace(ports, namespace)
  return await ports.cache.get('namespaces', `place ${namespace.id} ${token}`, () =>
    loadPlace(ports, namespace),
  )
}

/** A namespace as one of its generations is: what reads it finds that generation's documents. */
export function generationOf(
  live: Namespace,
  { generation, vectors }: Pick<Namespace, 'generation' | 'vectors'>,
): Namespace {
  return { ...live, generation, vectors }
}

async function loadPlace({ db }: Pick<Ports, 'db'>, given: Namespace): Promise<WritePlace> {
  const [found, watched] = await Promise.all([
    readNamespaceById(db, given.id),
    loadWatchedValues({ db }, given.id),
  ])
  const live = found ?? given
  const states = ['filling', 'switching', 'undoing', 'retained'] as const
  const rows = await readReconfigurations(db, live.id, { states })
  const pending = rows.map((row) => comingOf(live, row)).find((coming) => coming !== null)
  const retained = rows.filter(({ state }) => state === 'retained')
  return {
    live,
    pending: pending ?? null,
    retained: retained.map((row) =>
      generationOf(live, { generation: row.fromGeneration, vectors: row.vectorsBefore }),
    ),
    watched,
  }
}

/** What a reconfigure is about to make live; of one that is about to be undone, what was there before it. */
function comingOf(live: Namespace, row: Reconfiguration): Namespace | null {
  const { state, fromGeneration, toGeneration, vectorsBefore, vectorsAfter } = row
  if (state === 'retained' || toGeneration === null) return null
  return state === 'undoing'
    ? generationOf(live, { generation: fromGeneration, vectors: vectorsBefore })
    : generationOf(live, { generation: toGeneration, vectors: vectorsAfter })
}
