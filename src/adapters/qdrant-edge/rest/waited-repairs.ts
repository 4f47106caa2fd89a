import { setTimeout as sleep } from 'node:timers/promises'
import type { CollectionSpec, RepairReport, VectorEngine } from '../../../ports/vector-engine.ts'

/** A call is answered by then: those who call give up on what takes much longer. */
const answerWithinMs = 20_000

const running = new WeakMap<VectorEngine, Map<string, Promise<RepairReport>>>()

/**
 * The report of a repair, which is begun unless one of the collection runs; null where it is not over yet. The next call
 * waits for the same one.
 */
export async function waitForRepair(
  engine: VectorEngine,
  collection: string,
  spec: CollectionSpec,
): Promise<RepairReport | null> {
  const repairs = running.get(engine) ?? new Map<string, Promise<RepairReport>>()
  running.set(engine, repairs)
  const repair = repairs.get(collection) ?? engine.repairCollection(collection, spec)
  repairs.set(collection, repair)
  try {
    const report = await Promise.race([repair, sleep(answerWithinMs, null, { ref: false })])
    if (report !== null) repairs.delete(collection)
    return report
  } catch (error) {
    repairs.delete(collection)
    throw error
  }
}
