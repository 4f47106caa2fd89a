import { fail } from '../failure.ts'
import type { Measurement } from './measurement.ts'

export type GainVerdict = 'keep' | 'no_gain' | 'regression'

export interface GainThresholds {
  /** Least share of time that must be saved, by the lower end of the interval. */
  gainMin: number
  /** Most that a shape without the path may lose. */
  lossMax: number
  /** Least time that must be saved of a read. */
  savedMsMin: number
}

/** The defaults of the settings (`NACRE_INDEX_GAIN_PERCENT_MIN`, `…_LOSS_PERCENT_MAX`, `…_SAVED_US_MIN`). */
export const defaultThresholds: GainThresholds = { gainMin: 0.2, lossMax: 0.1, savedMsMin: 0.2 }

export interface Gain {
  /** Share of time saved over shapes with the path, weighted by frequency; below 0: lost. */
  gain: number
  /** 95 %, by bootstrap over queries and runs. */
  interval: [number, number]
  /** Of the shapes without the path, the one that lost most, beside the control reads. */
  worst: { shape: string; change: number } | null
  verdict: GainVerdict
  /** In words, with the figures. */
  sentence: string
}

/** What an index on `path` gained, from measurements of the same queries before and after it. Pure. */
export function compareGain(
  _before: Measurement,
  _after: Measurement,
  _path: string,
  _thresholds: GainThresholds = defaultThresholds,
): Gain {
  throw fail('bad_request', { reason: 'Comparing is not written yet.' })
}
