import { setImmediate } from 'node:timers/promises'

/** Longer than most tests of a page of documents take together, shorter than a request would notice. */
const sliceMs = 10

/** Work on many items, cut where it has taken long: between two slices other requests have their turn. */
export class Slices {
  #startedAt = performance.now()

  isOver(): boolean {
    return performance.now() - this.#startedAt > sliceMs
  }

  /** Throws the signal's reason where nobody waits for the work any more. */
  async next(signal?: AbortSignal): Promise<void> {
    await setImmediate()
    signal?.throwIfAborted()
    this.#startedAt = performance.now()
  }
}

/** Those of the items that meet a test which may take long, as that of a regex. */
export async function keptInSlices<T>(
  items: readonly T[],
  holds: (item: T) => boolean,
  signal?: AbortSignal,
): Promise<T[]> {
  const slices = new Slices()
  const kept: T[] = []
  for (const item of items) {
    if (slices.isOver()) await slices.next(signal)
    if (holds(item)) kept.push(item)
  }
  return kept
}
