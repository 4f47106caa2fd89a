import type { Ports } from '../../ports/ports.ts'
import { readReconfigurations, takeReconfiguration } from '../../store/reconfigurations.ts'
import { countDocuments } from '../documents/read.ts'
import { flushGeneration } from '../documents/write.ts'
import { generationOf } from '../documents/write-place.ts'
import { fail } from '../failure.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { busyConflict, orBusy } from './begin.ts'
import { buildIndexes } from './build-indexes.ts'
import { mustMove } from './move.ts'
import { needsEngine, planVectors } from './plan-vectors.ts'
import { busyStates, type Reconfiguration } from './reconfiguration.ts'
import { current, refuseActiveBatches, type RecreateNeeds } from './recreate.ts'
import { switchBack } from './switch-generation.ts'
import { countWritesSince } from './writes-since.ts'

export interface Undone {
  reconfiguration: Reconfiguration
  points: number
  /** Writes since the switch that are gone with it. */
  discarded: number
}

/**
 * Puts the generation from before the last reconfigure back, while it is kept (design 4). Deletions since then were
 * made there as well; other writes that nothing can make again are refused with their number, unless they are to be
 * discarded. Throws `conflict` where there is nothing to go back to, with the reason, or a batch is running.
 */
export async function undoReconfigure(
  ports: RecreateNeeds,
  given: Namespace,
  { discardWrites }: { discardWrites: boolean },
): Promise<Undone> {
  return await ports.leases.exclusive(given.id, 'undoing a reconfigure', async (lease) => {
    const live = await current(ports, given.id, lease)
    const retained = await undoable(ports, live)
    await refuseActiveBatches(ports, live.id)
    const earlier = earlierOf(live, retained)
    const discarded = await countWritesSince(ports, live, earlier)
    if (discarded > 0 && !discardWrites) throw writesConflict(discarded)
    const taken = await orBusy(ports.db, live.id, () => begin(ports, retained))
    const reconfiguration = await finishUndo(ports, live, taken, lease)
    const points = await countDocuments(ports, earlier, { collectionIds: null }, null)
    return { reconfiguration, points, discarded }
  })
}

/** Safe to run again from any point: indexes as they are declared now, then the switch. */
export async function finishUndo(
  ports: Pick<Ports, 'db' | 'queue' | 'cache' | 'vectors' | 'config' | 'log' | 'now'>,
  live: Namespace,
  undoing: Reconfiguration,
  lease: Pick<ExclusiveLease, 'check'>,
): Promise<Reconfiguration> {
  const earlier = earlierOf(live, undoing)
  await buildIndexes(ports, earlier)
  await flushGeneration(ports, earlier)
  return await switchBack(ports, undoing, lease)
}

function earlierOf(live: Namespace, one: Reconfiguration): Namespace {
  return generationOf(live, { generation: one.fromGeneration, vectors: one.vectorsBefore })
}

async function begin(
  { db }: Pick<Ports, 'db'>,
  retained: Reconfiguration,
): Promise<Reconfiguration> {
  const taken = await takeReconfiguration(db, retained.id, ['retained'])
  if (!taken) throw nothingToUndo('The earlier generation has just been erased.')
  return await mustMove(db, taken, 'undo_begun')
}

/** The reconfigure that made the live generation, while it can be undone. */
async function undoable(
  ports: Pick<Ports, 'db' | 'now'>,
  { id, generation }: Namespace,
): Promise<Reconfiguration> {
  const rows = await readReconfigurations(ports.db, id)
  const [last] = rows.filter(stands)
  if (!last) throw nothingToUndo('This namespace has not been reconfigured.')
  if (busyStates.some((state) => state === last.state)) throw busyConflict(last)
  const told = `The last reconfigure, ${last.id},`
  if (last.strategy === 'online') {
    throw nothingToUndo(
      `${told} added vectors to the live collection: no document was lost, and the earlier schema is a part of this one.`,
    )
  }
  const isOver = last.state !== 'retained' || last.toGeneration !== generation
  const until = last.retainedUntil?.toISOString()
  if (isOver || (last.retainedUntil !== null && last.retainedUntil <= ports.now())) {
    throw nothingToUndo(
      until === undefined
        ? `${told} kept no earlier generation (RECONFIGURE_RETENTION is 0).`
        : `${told} could be undone until ${until}; the earlier generation is kept no longer (RECONFIGURE_RETENTION).`,
    )
  }
  return last
}

/** Whether it changed the schema as it is now; who fills a vector is no part of that. */
function stands({ state, vectorsBefore, vectorsAfter }: Reconfiguration): boolean {
  const isGone = state === 'cancelled' || state === 'discarding' || state === 'undone'
  return !isGone && needsEngine(planVectors(vectorsBefore, vectorsAfter))
}

function nothingToUndo(reason: string) {
  return fail('conflict', { reason: `There is nothing to undo. ${reason}` })
}

function writesConflict(number: number) {
  return fail('conflict', {
    reason: `${number} documents were written since the reconfigure that no source can make again; an undo would lose them.`,
    hint: 'Send {"discard_writes": true} to lose them, or keep the new schema.',
    details: { documents: number },
  })
}
