import { performance } from 'node:perf_hooks'
import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import {
  changeReconfiguration,
  readReconfiguration,
  takeReconfiguration,
} from '../../store/reconfigurations.ts'
import type { Db } from '../../store/tables.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { carryDocuments } from '../documents/carry-documents.ts'
import { flushGeneration } from '../documents/write.ts'
import { fail, isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { buildIndexes } from './build-indexes.ts'
import { sortedDocuments } from './census.ts'
import { fillChunk, type FilledChunk } from './fill-chunk.ts'
import { nextSources } from './fill-sources.ts'
import type { FillCursor, Reconfiguration, ReconfigurationProgress } from './reconfiguration.ts'
import { reconcileGenerations } from './reconcile-generations.ts'
import { tellFilling } from './reconfigure-task.ts'
import { comingOf, current, takeAwayGeneration } from './recreate.ts'
import { switchGeneration } from './switch-generation.ts'

export const fillJobName = 'reconfiguration.fill'

/** Sources made again at once. */
const sourcesMax = 64
/** Slices that may fail in a row by what waiting does not mend. */
const failuresMax = 5
/** How often a chunk is made again while its documents change; then writers have to wait for it. */
const triesMax = 3
const reasonsMax = 10

/** At most one waits for each reconfigure; one that runs adds the next in the transaction that saves its progress. */
export async function addFilling(
  db: Db,
  { queue }: Pick<Ports, 'queue'>,
  reconfigurationId: string,
): Promise<void> {
  const payload = { reconfiguration_id: reconfigurationId }
  await queue.add(db, fillJobName, payload, { singletonKey: reconfigurationId })
}

/**
 * One slice of a filling, in a job that adds its successor: wherever it is killed, the next goes on after the last
 * chunk that was saved, and writing a chunk again overwrites it (M-4). When every source is through, the generation is
 * reconciled with the live one while nobody writes, and becomes it.
 */
export async function fillGeneration(ports: Ports, id: string, signal: AbortSignal): Promise<void> {
  const taken = await takeReconfiguration(ports.db, id, ['filling'])
  if (!taken) return
  const live = await readNamespaceById(ports.db, taken.namespaceId)
  if (live?.state !== 'ready') return
  try {
    const slice = new FillSlice(ports, live, taken, signal)
    if (await slice.work()) return await finishFilling(ports, slice.reconfiguration, signal)
    await ports.db.transaction().execute(async (tx) => {
      await slice.save(tx)
      await addFilling(tx, ports, id)
    })
  } catch (error) {
    await afterFailure(ports, taken, error, signal)
  }
}

class FillSlice {
  readonly #ports: Ports
  readonly #live: Namespace
  readonly #signal: AbortSignal
  readonly #deadline: number
  reconfiguration: Reconfiguration

  constructor(ports: Ports, live: Namespace, taken: Reconfiguration, signal: AbortSignal) {
    this.#ports = ports
    this.#live = live
    this.#signal = signal
    this.#deadline = performance.now() + ports.config.batchSliceMs
    this.reconfiguration = taken
  }

  /** True where every source is through. */
  async work(): Promise<boolean> {
    for (let isFirst = true; isFirst || performance.now() < this.#deadline; isFirst = false) {
      if (this.#signal.aborted) return false
      const { cursor, collections = [] } = this.reconfiguration.progress
      if (!cursor || cursor.collection >= collections.length) return true
      const progress =
        cursor.collection < 0 ? await this.#carry(cursor) : await this.#fill(cursor, collections)
      this.#note({ ...progress, failures: 0 })
      await this.save(this.#ports.db)
    }
    return false
  }

  /** Throws `conflict` where another job has taken over. */
  async save(db: Db): Promise<void> {
    const { progress } = this.reconfiguration
    if (!(await changeReconfiguration(db, this.reconfiguration, { progress })))
      throw takenOver(this.reconfiguration)
    await tellFilling(db, this.reconfiguration)
  }

  /** A page of documents that nothing can make again, as they are. */
  async #carry({ after }: FillCursor): Promise<ReconfigurationProgress> {
    const { copied = 0 } = this.reconfiguration.progress
    for await (const page of sortedDocuments(this.#ports, this.#live, after)) {
      const ids = [...page.sourceless].filter((id) => id !== after)
      await this.#writing(() => carryDocuments(this.#ports, this.#live, this.#coming, ids))
      const last = page.records.at(-1)?.pointId ?? null
      const isLast = page.records.length <= 1 || last === after
      const cursor = isLast ? nextCollection(-1) : { collection: -1, after: last }
      return { copied: copied + ids.length, cursor }
    }
    return { cursor: nextCollection(-1) }
  }

  async #fill(
    { collection: position, after }: FillCursor,
    collections: readonly string[],
  ): Promise<ReconfigurationProgress> {
    const all = await collectionsOf(this.#ports, this.#live.id)
    const collection = all.find(({ id }) => id === collections[position])
    if (!collection) return { cursor: nextCollection(position) }
    const sources = await nextSources(this.#ports, this.#coming, collection, after, sourcesMax)
    const filling = { live: this.#live, coming: this.#coming, collection }
    const done = await this.#fillAll(filling, sources.sourceIds)
    const { filled = 0, failed = 0, reasons = [] } = this.reconfiguration.progress
    return {
      filled: filled + done.filled,
      failed: failed + done.failed,
      reasons: [...new Set([...reasons, ...done.reasons])].slice(0, reasonsMax),
      cursor:
        sources.after === null
          ? nextCollection(position)
          : { collection: position, after: sources.after },
    }
  }

  /** Until nobody has changed what was made again; at last with writers held back. */
  async #fillAll(
    filling: Parameters<typeof fillChunk>[1],
    sourceIds: readonly string[],
  ): Promise<FilledChunk> {
    const total: FilledChunk = { filled: 0, failed: 0, reasons: [], again: [] }
    let left: readonly string[] = sourceIds
    for (let tries = 0; left.length > 0; tries++) {
      const fill = () => fillChunk(this.#ports, filling, left, () => this.#guard(), this.#signal)
      const done = tries < triesMax ? await fill() : await this.#alone(fill)
      const isOver = done.again.length === 0
      total.filled += done.filled - done.again.length
      total.failed += isOver ? done.failed : 0
      total.reasons.push(...done.reasons)
      left = done.again
    }
    return total
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { leases } = this.#ports
    return await leases.exclusive(this.#live.id, 'filling what changes all the time', work)
  }

  async #writing<T>(work: () => Promise<T>): Promise<void> {
    await this.#ports.leases.shared(
      this.#live.id,
      async (share) => {
        await this.#guard()
        await work()
        share.check()
      },
      this.#signal,
    )
  }

  /** Inside the lease no switch can come in between: who holds the fence there may write (M-11). */
  async #guard(): Promise<void> {
    const { id, fence } = this.reconfiguration
    const row = await readReconfiguration(this.#ports.db, id)
    if (row?.state !== 'filling' || row.fence !== fence) throw takenOver(this.reconfiguration)
  }

  #note(progress: ReconfigurationProgress): void {
    const { reconfiguration } = this
    this.reconfiguration = {
      ...reconfiguration,
      progress: { ...reconfiguration.progress, ...progress },
    }
  }

  get #coming(): Namespace {
    return comingOf(this.#live, this.reconfiguration)
  }
}

async function finishFilling(
  ports: Ports,
  reconfiguration: Reconfiguration,
  signal: AbortSignal,
): Promise<void> {
  const { failed = 0, filled = 0, copied = 0, reasons = [] } = reconfiguration.progress
  if (failed > 0 && filled === 0) {
    const reason = `None of ${failed} sources could be made again: ${reasons.join('; ')}`
    return await giveUp(ports, reconfiguration, reason, signal)
  }
  await ports.leases.exclusive(
    reconfiguration.namespaceId,
    'putting a filled generation in its place',
    async (lease) => {
      const live = await current(ports, reconfiguration.namespaceId, lease)
      const coming = comingOf(live, reconfiguration)
      await buildIndexes(ports, coming)
      const { carried } = await reconcileGenerations(ports, live, coming)
      await flushGeneration(ports, coming)
      const progress = { ...reconfiguration.progress, copied: copied + carried }
      if (!(await changeReconfiguration(ports.db, reconfiguration, { progress })))
        throw takenOver(reconfiguration)
      await switchGeneration(ports, { ...reconfiguration, progress }, lease)
    },
    { signal },
  )
}

/** What passes is tried again by the queue; what does not ends the filling after some tries, the live one untouched. */
async function afterFailure(
  ports: Ports,
  taken: Reconfiguration,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const row = await readReconfiguration(ports.db, taken.id)
  // Cancelled, or taken over by another job: nothing is left to do here.
  if (row?.state !== 'filling' || row.fence !== taken.fence) return
  const isPassing =
    isFailure(error) && ['unavailable', 'exhausted', 'conflict'].includes(error.kind)
  if (signal.aborted || isPassing) throw error
  const failures = (row.progress.failures ?? 0) + 1
  await changeReconfiguration(ports.db, row, { progress: { failures } })
  if (failures < failuresMax) throw error
  ports.log.error({ reconfigurationId: taken.id, error }, 'a filling is given up')
  await giveUp(ports, row, error instanceof Error ? error.message : String(error), signal)
}

/** Under the lease, after which no writer knows of the generation that goes. */
async function giveUp(
  ports: Ports,
  reconfiguration: Reconfiguration,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  const work = () => takeAwayGeneration(ports, reconfiguration, reason)
  await ports.leases.exclusive(reconfiguration.namespaceId, 'giving a reconfigure up', work, {
    signal,
  })
}

function nextCollection(position: number): FillCursor {
  return { collection: position + 1, after: null }
}

function takenOver({ id }: Reconfiguration) {
  return fail('conflict', {
    reason: `Reconfigure ${id} was taken over by another process.`,
    details: { reconfiguration_id: id },
  })
}
