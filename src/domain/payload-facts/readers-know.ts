import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'

/** Whether other processes may read what this one writes. In the embedded product there is this one alone. */
export function isReadElsewhere({
  databaseUrl,
  qdrantUrl,
}: Pick<Config, 'databaseUrl' | 'qdrantUrl'>): boolean {
  return databaseUrl !== undefined || qdrantUrl !== undefined
}

/**
 * Returns when every reader, in whatever process, has asked for the facts after `changedAt` (`performance.now()`; now
 * where it is absent): what was committed by then is known to all.
 */
export async function untilReadersKnow(
  { config }: { config: Pick<Config, 'databaseUrl' | 'qdrantUrl' | 'factsAgeMs'> },
  changedAt = performance.now(),
): Promise<void> {
  if (!isReadElsewhere(config)) return
  const rest = changedAt + config.factsAgeMs - performance.now()
  // Timers may fire a moment early.
  if (rest > 0) await sleep(Math.ceil(rest) + 1)
}
