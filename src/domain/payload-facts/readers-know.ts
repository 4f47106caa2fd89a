import { setTimeout as sleep } from 'node:timers/promises'
import type { Ports } from '../../ports/ports.ts'

/**
 * Returns when every reader, in whatever process, has asked for the facts after `changedAt` (`performance.now()`; now
 * where it is absent): what was committed by then is known to all. Where this process is alone there is nothing to wait
 * for: one that comes in later reads what is committed by then.
 */
export async function untilReadersKnow(
  { config, cache }: Pick<Ports, 'config' | 'cache'>,
  changedAt = performance.now(),
): Promise<void> {
  if (!cache.isShared()) return
  const rest = changedAt + config.factsAgeMs - performance.now()
  // Timers may fire a moment early.
  if (rest > 0) await sleep(Math.ceil(rest) + 1)
}
