import type { Ports } from '../../ports/ports.ts'
import { EngineRejection, type PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { endTakenOverDecisions } from '../../store/index-decisions.ts'
import {
  isUnsettled,
  markIndex,
  readIndexes,
  settleIndexes,
  takeBackIndexes,
  type IndexRow,
} from '../../store/payload-indexes.ts'
import { dropFacts } from '../../store/payload-facts.ts'
import type { Db } from '../../store/tables.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { untilReadersKnow } from '../payload-facts/readers-know.ts'
import { sameSchema } from './index-schema.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'vectors' | 'config'>
type Lease = Pick<ExclusiveLease, 'check'>
type Place = Pick<Namespace, 'id' | 'generation' | 'state'>

/**
 * Makes the engine follow the declared indexes, and settles them. Builds come before drops, so that until the last
 * build is done everything that was there still is. Safe to run again from any point: what the engine has already
 * is left alone. Throws what the engine throws, with nothing settled, and `conflict` where the lease is lost.
 */
export async function convergeIndexes(ports: Needs, namespace: Place, lease: Lease): Promise<void> {
  const rows = (await readIndexes(ports.db, namespace.id)).filter(isUnsettled)
  if (rows.length === 0) return

  const collection = collectionOf(namespace)
  const there = (await ports.vectors.describeCollection(collection))?.payload_schema ?? {}
  // A reader elsewhere must know of the intent before the engine follows it.
  if (namespace.state === 'ready') await untilReadersKnow(ports)
  for (const row of rows.filter(isToBuild)) {
    await lease.check()
    await build(ports, namespace, row, there[row.path])
  }
  await lease.check()
  for (const { path } of rows.filter(({ state }) => state === 'dropping')) {
    if (there[path]) await ports.vectors.dropPayloadIndex(collection, path)
  }
  await ports.db.transaction().execute(async (tx) => {
    await settleIndexes(tx, namespace.id)
    await endTakenOverDecisions(tx, namespace.id)
    // What was known for them: writers need not tell of it any more, and readers must not go by it.
    for (const { path } of rows.filter(isGone)) await dropFacts(tx, namespace.id, path)
  })
  ports.cache.forget('namespaces')
  if (rows.some(isGone)) await untilReadersKnow(ports)
}

/** Indexes that are no more, once the change is whole. */
function isGone({ state, before, schema }: IndexRow): boolean {
  return state === 'dropping' || (before?.kind === 'declared' && before.schema.type !== schema.type)
}

/**
 * Goes back to what stood before the change, in the rows at once and in the engine as far as it answers; what it
 * could not do here the next convergence does. `also` joins the rows' transaction.
 */
export async function restoreIndexes(
  ports: Needs & Pick<Ports, 'log'>,
  namespace: Place,
  lease: Lease,
  reason: string,
  also: (tx: Db) => Promise<void> = async () => {},
): Promise<void> {
  await ports.db.transaction().execute(async (tx) => {
    await takeBackIndexes(tx, namespace.id, reason)
    await also(tx)
  })
  ports.cache.forget('namespaces')
  try {
    await convergeIndexes(ports, namespace, lease)
  } catch (error) {
    // The rows are right already; the job that was added with the change brings the engine after them.
    ports.log.warn(
      { namespaceId: namespace.id, error },
      'payload indexes not restored in the engine yet',
    )
  }
}

/**
 * `convergeIndexes` for what nobody waits for: where the engine refuses an index, the old declaration is restored
 * and the reason told; where it does not answer, that is thrown, to be tried again.
 */
export async function convergeOrRestore(
  ports: Needs & Pick<Ports, 'log'>,
  namespace: Place,
  lease: Lease,
): Promise<{ restored: string | null }> {
  try {
    await convergeIndexes(ports, namespace, lease)
    return { restored: null }
  } catch (error) {
    if (!(error instanceof EngineRejection)) throw error
    await failWhatWasThere(ports.db, namespace.id, error.reason)
    await restoreIndexes(ports, namespace, lease, error.reason)
    return { restored: error.reason }
  }
}

async function build(
  ports: Needs,
  namespace: Place,
  row: IndexRow,
  there: PayloadFieldSchema | undefined,
): Promise<void> {
  const collection = collectionOf(namespace)
  if (!there || !sameSchema(there, row.schema)) {
    await markIndex(ports.db, namespace.id, row.path, 'building', row.error)
    ports.cache.forget('namespaces')
    // Not every engine notices that only an option differs.
    if (there) await ports.vectors.dropPayloadIndex(collection, row.path)
    await ports.vectors.createPayloadIndex(collection, row.path, row.schema)
  }
  await markIndex(ports.db, namespace.id, row.path, 'active', row.error)
  ports.cache.forget('namespaces')
}

/** An index that the engine refuses and that replaced nothing: going back would lead to the same refusal for ever. */
async function failWhatWasThere(db: Db, namespaceId: string, reason: string): Promise<void> {
  const building = (await readIndexes(db, namespaceId)).filter(
    ({ state, before }) => state === 'building' && before === null,
  )
  for (const { path } of building) await markIndex(db, namespaceId, path, 'failed', reason)
}

function isToBuild({ state }: IndexRow): boolean {
  return state === 'pending' || state === 'building'
}
