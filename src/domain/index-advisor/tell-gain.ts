import { sumsOf, type PairedShape } from './paired-shapes.ts'

export type GainVerdict = 'keep' | 'no_gain' | 'regression'

export interface GainThresholds {
  /** Least share of time that must be saved, at the lower end of the interval. */
  gainMin: number
  /** Most that a shape without the path may lose. */
  lossMax: number
  /** Least time that must be saved of a read. */
  savedMsMin: number
}

/** What another shape lost. */
export interface Loss {
  shape: string
  /** How much slower, as a share of before, the control reads' change taken out. */
  change: number
  /** 95 %. */
  interval: [number, number]
  /** More than it may be, surely, and by a time that can be told from nothing. */
  isTooMuch: boolean
}

/** All that was found out. */
export interface Figures {
  own: readonly PairedShape[]
  control: PairedShape | undefined
  others: readonly PairedShape[]
  gain: number
  interval: [number, number]
  worst: Loss | null
  /** Of a read, by the fastest run of each query. */
  savedMs: number
}

/** The figures in one sentence: what was saved or lost, how sure that is, of how much, and why it is not kept. */
export function tellGain(
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
    ? `; of ${plural(others.length, 'other shape')} the worst, '${worst.shape}', changed by ${changeTold(worst, lossMax)}`
    : ''
  const why =
    verdict === 'keep'
      ? ''
      : verdict === 'regression'
        ? `; more than ${percent(lossMax)} may not be lost`
        : savedMs < savedMsMin
          ? `; a read, undisturbed, saves ${milliseconds(savedMs)}, and must save ${milliseconds(savedMsMin)}`
          : `; at least ${percent(gainMin)} must be sure, also in the fastest runs`
  return `${what} of the time (${range}): ${times} by ${basis}${beside}${why}.`
}

/** What seems to be a loss that decides nothing has to say why. */
function changeTold({ change, interval, isTooMuch }: Loss, lossMax: number): string {
  if (change <= lossMax || isTooMuch) return signed(change)
  const why = interval[0] > 0 ? 'less time than can be told from noise' : 'no sure loss'
  return `${signed(change)} (${signed(interval[0])} to ${signed(interval[1])}: ${why})`
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
