/** Random numbers from 0 to 1, as `seededRandom` makes them. */
type Random = () => number

/** Some of however many items that are seen once, every choice equally likely (Vitter's algorithm R). */
export class Reservoir<T> {
  readonly #kept: { item: T; place: number }[] = []
  readonly #size: number
  readonly #random: Random
  #seen = 0

  constructor(size: number, random: Random) {
    this.#size = size
    this.#random = random
  }

  get seen(): number {
    return this.#seen
  }

  add(item: T): void {
    const place = this.#seen++
    if (this.#kept.length < this.#size) {
      this.#kept.push({ item, place })
      return
    }
    const at = Math.floor(this.#random() * this.#seen)
    if (at < this.#size) this.#kept[at] = { item, place }
  }

  /** In the order in which they were seen. */
  drawn(): T[] {
    return this.#kept.sort((a, b) => a.place - b.place).map(({ item }) => item)
  }
}

/** `count` of the items in their order, every choice equally likely. */
export function drawRandom<T>(items: readonly T[], count: number, random: Random): T[] {
  const reservoir = new Reservoir<T>(count, random)
  for (const item of items) reservoir.add(item)
  return reservoir.drawn()
}

/** Every n-th item, from a random start. */
export function drawSystematic<T>(items: readonly T[], count: number, random: Random): T[] {
  if (count >= items.length) return [...items]
  const step = items.length / count
  const start = random() * step
  return Array.from({ length: count }, (_, i) => items[Math.floor(start + i * step)]).filter(
    (item) => item !== undefined,
  )
}

export interface Strata {
  count: number
  /** From each stratum at least so many, as far as it has them and `count` allows, the largest strata first. */
  minEach: number
  /** From each stratum exactly so many, as far as it has them; null: in proportion to their sizes. */
  each: number | null
}

/** Items of each stratum, in their order: each stratum's part is drawn at random. */
export function drawStratified<T>(
  items: readonly T[],
  stratumOf: (item: T) => string,
  strata: Strata,
  random: Random,
): T[] {
  const members = new Map<string, { item: T; place: number }[]>()
  for (const [place, item] of items.entries()) {
    const key = stratumOf(item)
    const known = members.get(key) ?? []
    known.push({ item, place })
    members.set(key, known)
  }
  const groups = [...members.values()].sort((a, b) => b.length - a.length)
  const parts = allocate(
    groups.map(({ length }) => length),
    strata,
  )
  return groups
    .flatMap((group, i) => drawRandom(group, parts[i] ?? 0, random))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** How many of each size: the least first, what is left by the largest remainders (Hamilton). Sizes fall. */
export function allocate(sizes: readonly number[], { count, minEach, each }: Strata): number[] {
  let left = count
  const take = (wanted: number): number => {
    const taken = Math.max(0, Math.min(wanted, left))
    left -= taken
    return taken
  }
  const parts = sizes.map((size) => take(Math.min(size, each ?? minEach)))
  if (each !== null) return parts
  const rest = sizes.map((size, i) => size - (parts[i] ?? 0))
  const total = rest.reduce((sum, size) => sum + size, 0)
  if (total === 0) return parts
  const share = Math.min(left, total)
  const quotas = rest.map((size) => (share * size) / total)
  for (const [i, quota] of quotas.entries())
    parts[i] = (parts[i] ?? 0) + take(Math.min(rest[i] ?? 0, Math.floor(quota)))
  const byRemainder = quotas
    .map((quota, i) => ({ i, remainder: quota - Math.floor(quota) }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i)
  for (const { i } of byRemainder)
    if ((parts[i] ?? 0) < (sizes[i] ?? 0)) parts[i] = (parts[i] ?? 0) + take(1)
  return parts
}
