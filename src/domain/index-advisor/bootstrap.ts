/** Draws of one interval: its ends lie within some per cent of where more would put them. */
const drawsMax = 400

/**
 * The middle 95 % of what `estimate` says of redrawn data: it is called with a source of random numbers in [0, 1)
 * and redraws with `redrawn`. Seeded, so that the same data have the same interval. Draws without a finite estimate
 * are left out; `[NaN, NaN]` where all are.
 */
export function bootstrapInterval(estimate: (random: () => number) => number): [number, number] {
  const random = seededRandom(8_686)
  const estimates: number[] = []
  for (let draw = 0; draw < drawsMax; draw++) {
    const value = estimate(random)
    if (Number.isFinite(value)) estimates.push(value)
  }
  estimates.sort((a, b) => a - b)
  return [quantileOfSorted(estimates, 0.025), quantileOfSorted(estimates, 0.975)]
}

/** As many of the values, each drawn from all of them. */
export function redrawn<T>(values: readonly T[], random: () => number): T[] {
  return values.map((value) => values[Math.floor(random() * values.length)] ?? value)
}

/** NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the share lies, between its neighbours; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  return quantileOfSorted(
    values.toSorted((a, b) => a - b),
    share,
  )
}

function quantileOfSorted(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** Mulberry32: small, and even enough to draw from lists. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
