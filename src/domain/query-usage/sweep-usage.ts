import type { Ports } from '../../ports/ports.ts'
import {
  removeOldSamples,
  removeOldUsage,
  removeSmallUsage,
} from '../../store/query-usage-removal.ts'

export const usageSweepJobName = 'usage.sweep'

const sweepEverySeconds = 600
const dayMs = 86_400_000

type SweepPorts = Pick<Ports, 'db' | 'queue' | 'config' | 'now'>

/**
 * Removes what may be kept no longer. Samples go one round early, so that none is older than querySampleMs when the
 * next round comes; all of them where none are wanted.
 */
export async function removeStaleUsage({ db, config, now }: SweepPorts): Promise<void> {
  const at = now().getTime()
  const samplesBefore = new Date(at - config.querySampleMs + sweepEverySeconds * 1_000)
  await removeOldSamples(db, config.querySamples === 'on' ? samplesBefore : null)
  await removeOldUsage(db, new Date(at - config.usageMs))
  await removeSmallUsage(db, config.usageRowsMax, new Date(at - dayMs))
}

/** The job: removes, and looks again in ten minutes. */
export async function sweepUsage(ports: SweepPorts): Promise<void> {
  await removeStaleUsage(ports)
  await addUsageSweep(ports, sweepEverySeconds)
}

/** At most one waits; without a delay the one that waits is brought forward. */
export async function addUsageSweep(
  { db, queue }: Pick<Ports, 'db' | 'queue'>,
  delaySeconds = 0,
): Promise<void> {
  await queue.add(db, usageSweepJobName, {}, { singletonKey: 'all', delaySeconds })
}
