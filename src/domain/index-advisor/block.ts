import type { Config } from '../../config.ts'
import type { IndexDecision } from './decision.ts'

/** Doublings that are counted: 30 days become five years, which is as good as for ever. */
const doublingsMax = 6

type Times = Pick<Config, 'indexBlockMs' | 'indexChurnMs' | 'indexCheckMs' | 'indexRetryMs'>

/** Why a field is left alone for a while. */
export type BlockCause =
  /** Measured or counted to be no gain, or wrong; or a user said so. */
  | 'decided'
  /** There may be a gain, but the machine was too busy to be sure of it. */
  | 'unsure'
  /** The values may change. */
  | 'values'
  /** There may be values, or room, by then. */
  | 'soon'
  /** The engine refused it, or processes died of it. */
  | 'failed'

/** Until when a field is left alone that was decided about at `now`; longer with each decision about it (I-4). */
export function blockedUntil(
  cause: BlockCause,
  { attempts }: Pick<IndexDecision, 'attempts'>,
  now: Date,
  times: Times,
): Date {
  const doubled = 2 ** Math.min(attempts - 1, doublingsMax)
  const ms = {
    decided: times.indexBlockMs * doubled,
    unsure: times.indexChurnMs * doubled,
    values: times.indexChurnMs,
    soon: times.indexCheckMs,
    failed: times.indexRetryMs * doubled,
  }[cause]
  return new Date(now.getTime() + ms)
}
