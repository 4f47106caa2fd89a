import type { Config } from '../../config.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { controlShape, type Measurement } from './measurement.ts'
import {
  costOf,
  fastestOf,
  pairsOf,
  redrawnPair,
  sumsOf,
  type Middle,
  type PairedShape,
} from './paired-shapes.ts'
import {
  tellGain,
  type Figures,
  type GainThresholds,
  type GainVerdict,
  type Loss,
} from './tell-gain.ts'

/** The defaults of the settings that `thresholdsOf` reads. */
export const defaultThresholds: GainThresholds = { gainMin: 0.2, lossMax: 0.1, savedMsMin: 0.2 }

export interface Gain {
  /** Share of time saved over shapes with the path, weighted by frequency; below 0: lost. */
  gain: number
  /** 95 %, by bootstrap over queries and runs. */
  interval: [number, number]
  /** Of the shapes without the path the one that surely lost most, or else seems to, the control reads' own change taken out. */
  worst: { shape: string; change: number } | null
  verdict: GainVerdict
  /** In words, with the figures. */
  sentence: string
}

/** What the settings say an index must gain. */
export function thresholdsOf(
  config: Pick<Config, 'indexGainPercentMin' | 'indexLossPercentMax' | 'indexSavedMicrosecondsMin'>,
): GainThresholds {
  return {
    gainMin: config.indexGainPercentMin / 100,
    lossMax: config.indexLossPercentMax / 100,
    savedMsMin: config.indexSavedMicrosecondsMin / 1_000,
  }
}

/**
 * What an index on `path` gained, from measurements of the same queries before and after it (design 4, Proof). A
 * query's time is the median of its runs, a shape's the mean of its queries' that were asked on both sides; the gain
 * is the sum over shapes with the path, weighted by frequency, and nothing is taken out of it. It is kept where the
 * lower end of the interval reaches the least gain, and it is as much with the control reads' change taken out, and by
 * the fastest run of each query, which other work disturbed least; and where no other shape surely lost more than it
 * may. Pure.
 */
export function compareGain(
  before: Measurement,
  after: Measurement,
  path: string,
  thresholds: GainThresholds = defaultThresholds,
): Gain {
  const { own, others, control } = sidesOf(before, after, path)
  if (own.length === 0) return notMeasured(path)

  const gain = gainOf(own)
  const interval = bootstrapInterval((random) =>
    gainOf(own.map((pair) => redrawnPair(pair, random))),
  )
  const losses = others.map((other) => lossOf(other, control, thresholds.lossMax))
  const worst = losses.toSorted(worseFirst)[0] ?? null
  const savedMs = savedOf(own, fastestOf)
  const figures: Figures = { own, control, others, gain, interval, worst, savedMs }
  const verdict = verdictOf(
    figures,
    losses.some((loss) => loss.isTooMuch),
    thresholds,
  )
  return {
    gain,
    interval,
    worst: worst && { shape: worst.shape, change: worst.change },
    verdict,
    sentence: tellGain(figures, path, verdict, thresholds),
  }
}

/** Those of the shapes without the path that, as far as was measured, surely lost more than they may. Pure. */
export function lostShapes(
  before: Measurement,
  after: Measurement,
  path: string,
  { lossMax }: Pick<GainThresholds, 'lossMax'> = defaultThresholds,
): string[] {
  const { others, control } = sidesOf(before, after, path)
  return others
    .filter((other) => lossOf(other, control, lossMax).isTooMuch)
    .map(({ shape }) => shape)
}

function sidesOf(
  before: Measurement,
  after: Measurement,
  path: string,
): Pick<Figures, 'own' | 'others' | 'control'> {
  const pairs = pairsOf(before, after)
  const control = pairs.find(({ shape }) => shape === controlShape)
  const asked = pairs.filter((pair) => pair !== control)
  return {
    own: asked.filter(({ paths }) => paths.includes(path)),
    others: asked.filter(({ paths }) => !paths.includes(path)),
    control,
  }
}

/** What decides comes before what only looks worse. */
function worseFirst(a: Loss, b: Loss): number {
  return Number(b.isTooMuch) - Number(a.isTooMuch) || b.change - a.change
}

/** Loss of a read that no user notices, and no clock of a busy machine tells from nothing. */
const lossMsMin = 0.05

function gainOf(pairs: readonly PairedShape[], middle?: Middle): number {
  const { before, after } = sumsOf(pairs, middle)
  return 1 - after / before
}

/** Milliseconds that a read with the path takes less. */
function savedOf(pairs: readonly PairedShape[], middle?: Middle): number {
  const { before, after, weight } = sumsOf(pairs, middle)
  return (before - after) / weight
}

/** How many times longer the reads took that no index changes. */
function driftOf(control: PairedShape | undefined, middle?: Middle): number {
  return control ? costOf(control, 'after', middle) / costOf(control, 'before', middle) : 1
}

function lossOf(pair: PairedShape, control: PairedShape | undefined, lossMax: number): Loss {
  const change = changeOf(pair, control)
  // An interval costs thousands of medians: it is drawn where it decides.
  const interval: [number, number] =
    change > lossMax
      ? bootstrapInterval((random) =>
          changeOf(redrawnPair(pair, random), control && redrawnPair(control, random)),
        )
      : [change, change]
  const isFelt = change * costOf(pair, 'before') >= lossMsMin
  const isAlways = changeOf(pair, control, fastestOf) > lossMax
  const isTooMuch = change > lossMax && isFelt && isAlways && interval[0] > 0
  return { shape: pair.shape, change, interval, isTooMuch }
}

/** Of a machine that became quicker nothing is taken out: a read that takes as long as before lost nothing. */
function changeOf(pair: PairedShape, control: PairedShape | undefined, middle?: Middle): number {
  const ratio = costOf(pair, 'after', middle) / costOf(pair, 'before', middle)
  return ratio / Math.max(1, driftOf(control, middle)) - 1
}

function verdictOf(figures: Figures, hasLoss: boolean, thresholds: GainThresholds): GainVerdict {
  const { own, control, gain, interval, savedMs } = figures
  if (hasLoss || interval[1] < -thresholds.lossMax) return 'regression'
  const withoutDrift = 1 - (1 - gain) / driftOf(control)
  const least = Math.min(interval[0], withoutDrift, gainOf(own, fastestOf))
  return least >= thresholds.gainMin && savedMs >= thresholds.savedMsMin ? 'keep' : 'no_gain'
}

function notMeasured(path: string): Gain {
  return {
    gain: 0,
    interval: [0, 0],
    worst: null,
    verdict: 'no_gain',
    sentence: `Not measured: no recorded query with '${path}' was asked both before and after.`,
  }
}
