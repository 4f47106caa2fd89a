import type { Config } from '../../config.ts'
import { bootstrapInterval, medianOf, redrawn } from './bootstrap.ts'
import { controlShape, type Measurement } from './measurement.ts'

export type GainVerdict = 'keep' | 'no_gain' | 'regression'

export interface GainThresholds {
  /** Least share of time that must be saved, at the lower end of the interval. */
  gainMin: number
  /** Most that a shape without the path may lose. */
  lossMax: number
  /** Least time that must be saved of a read. */
  savedMsMin: number
}

/** The defaults of the settings that `thresholdsOf` reads. */
export const defaultThresholds: GainThresholds = { gainMin: 0.2, lossMax: 0.1, savedMsMin: 0.2 }

export interface Gain {
  /** Share of time saved over shapes with the path, weighted by frequency; below 0: lost. */
  gain: number
  /** 95 %, by bootstrap over queries and runs. */
  interval: [number, number]
  /** Of the shapes without the path the one that lost most, the control reads' own change taken out. */
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
 * lower end of the interval reaches the least gain, also with the control reads' change taken out, and no other shape
 * surely lost more than it may. Pure.
 */
export function compareGain(
  before: Measurement,
  after: Measurement,
  path: string,
  thresholds: GainThresholds = defaultThresholds,
): Gain {
  const pairs = pairsOf(before, after)
  const own = pairs.filter(({ paths, shape }) => shape !== controlShape && paths.includes(path))
  const control = pairs.find(({ shape }) => shape === controlShape)
  const others = pairs.filter((pair) => pair !== control && !own.includes(pair))
  if (own.length === 0) return notMeasured(path)

  const gain = gainOf(own)
  const interval = bootstrapInterval((random) =>
    gainOf(own.map((pair) => redrawnPair(pair, random))),
  )
  const losses = others.map((other) => lossOf(other, control, thresholds.lossMax))
  const worst = losses.toSorted((a, b) => b.change - a.change)[0] ?? null
  const figures: Figures = { own, control, others, gain, interval, worst, savedMs: savedOf(own) }
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
    sentence: sentenceOf(figures, path, verdict, thresholds),
  }
}

/** Loss of a read that no user notices, and no clock of a busy machine tells from nothing. */
const lossMsMin = 0.05

interface PairedShape {
  shape: string
  weight: number
  paths: readonly string[]
  /** Of each query that was asked on both sides, its runs. */
  queries: { before: readonly number[]; after: readonly number[] }[]
}

interface Loss {
  shape: string
  /** How much slower, as a share of before, the control reads' change taken out. */
  change: number
  /** More than it may be, surely, and by a time that can be told from nothing. */
  isTooMuch: boolean
}

interface Figures {
  own: readonly PairedShape[]
  control: PairedShape | undefined
  others: readonly PairedShape[]
  gain: number
  interval: [number, number]
  worst: Loss | null
  savedMs: number
}

function pairsOf(before: Measurement, after: Measurement): PairedShape[] {
  const later = new Map(after.shapes.map((each) => [each.shape, each]))
  return before.shapes.flatMap((one): PairedShape[] => {
    const other = later.get(one.shape)
    if (!other) return []
    const runs = new Map(other.runs.map(({ key, ms }) => [key, ms]))
    const queries = one.runs.flatMap(({ key, ms }) => {
      const again = runs.get(key) ?? []
      return ms.length > 0 && again.length > 0 ? [{ before: ms, after: again }] : []
    })
    if (queries.length === 0) return []
    return [{ shape: one.shape, weight: one.weight, paths: one.paths, queries }]
  })
}

function costOf(pair: PairedShape, side: 'before' | 'after'): number {
  const medians = pair.queries.map((query) => medianOf(query[side]))
  return medians.reduce((sum, ms) => sum + ms, 0) / medians.length
}

/** The weighted sum of both sides; shapes that nobody counted weigh the same. */
function sumsOf(pairs: readonly PairedShape[]): { before: number; after: number; weight: number } {
  const isCounted = pairs.some(({ weight }) => weight > 0)
  const sums = { before: 0, after: 0, weight: 0 }
  for (const pair of pairs) {
    const weight = isCounted ? pair.weight : 1
    sums.before += weight * costOf(pair, 'before')
    sums.after += weight * costOf(pair, 'after')
    sums.weight += weight
  }
  return sums
}

function gainOf(pairs: readonly PairedShape[]): number {
  const { before, after } = sumsOf(pairs)
  return 1 - after / before
}

/** Milliseconds that a read with the path takes less, by the middle of its queries. */
function savedOf(pairs: readonly PairedShape[]): number {
  const { before, after, weight } = sumsOf(pairs)
  return (before - after) / weight
}

/** How many times longer the reads took that no index changes. */
function driftOf(control: PairedShape | undefined): number {
  return control ? costOf(control, 'after') / costOf(control, 'before') : 1
}

function lossOf(pair: PairedShape, control: PairedShape | undefined, lossMax: number): Loss {
  const change = changeOf(pair, control)
  const isFelt = change > lossMax && change * costOf(pair, 'before') >= lossMsMin
  return { shape: pair.shape, change, isTooMuch: isFelt && isSurelySlower(pair, control) }
}

function changeOf(pair: PairedShape, control: PairedShape | undefined): number {
  return costOf(pair, 'after') / costOf(pair, 'before') / driftOf(control) - 1
}

function isSurelySlower(pair: PairedShape, control: PairedShape | undefined): boolean {
  const [low] = bootstrapInterval((random) =>
    changeOf(redrawnPair(pair, random), control && redrawnPair(control, random)),
  )
  return low > 0
}

/** The queries drawn anew, and of each its runs. */
function redrawnPair(pair: PairedShape, random: () => number): PairedShape {
  const queries = redrawn(pair.queries, random).map(({ before, after }) => ({
    before: redrawn(before, random),
    after: redrawn(after, random),
  }))
  return { ...pair, queries }
}

function verdictOf(figures: Figures, hasLoss: boolean, thresholds: GainThresholds): GainVerdict {
  const { own, control, interval, savedMs } = figures
  if (hasLoss || interval[1] < -thresholds.lossMax) return 'regression'
  const { before, after } = sumsOf(own)
  const withoutDrift = 1 - after / driftOf(control) / before
  const isGain = interval[0] >= thresholds.gainMin && withoutDrift >= thresholds.gainMin
  return isGain && savedMs >= thresholds.savedMsMin ? 'keep' : 'no_gain'
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

function sentenceOf(
  { own, others, gain, interval, worst, savedMs }: Figures,
  path: string,
  verdict: GainVerdict,
  { gainMin, lossMax, savedMsMin }: GainThresholds,
): string {
  const { before, after, weight } = sumsOf(own)
  const what = gain < 0 ? `Lost ${percent(-gain)}` : `Saved ${percent(gain)}`
  const range = `95 % interval ${percent(interval[0])} to ${percent(interval[1])}`
  const times = `${milliseconds(before / weight)} → ${milliseconds(after / weight)} a read`
  const basis = `${countOf(own, 'query', 'queries')} of ${plural(own.length, 'shape')} with '${path}', ${runsIn(own)} runs`
  const beside = worst
    ? `; of ${plural(others.length, 'other shape')} the worst changed by ${signed(worst.change)}`
    : ''
  const why =
    verdict === 'keep'
      ? ''
      : verdict === 'regression'
        ? `; more than ${percent(lossMax)} may not be lost`
        : savedMs < savedMsMin
          ? `; a read must save at least ${milliseconds(savedMsMin)}`
          : `; at least ${percent(gainMin)} must be sure`
  return `${what} of the time (${range}): ${times} by ${basis}${beside}${why}.`
}

function countOf(pairs: readonly PairedShape[], one: string, many: string): string {
  const count = pairs.reduce((sum, { queries }) => sum + queries.length, 0)
  return `${count} recorded ${count === 1 ? one : many}`
}

function runsIn(pairs: readonly PairedShape[]): number {
  return pairs
    .flatMap(({ queries }) => queries)
    .reduce((sum, { before, after }) => sum + before.length + after.length, 0)
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${percent(share)}`
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`
}
