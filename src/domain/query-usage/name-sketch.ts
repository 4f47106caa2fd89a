/** Cells of a row, and rows: 1 MiB, in which a million names stand about eight to a cell. */
const width = 2 ** 17
const rows = 4
const most = 0xffff
/** Names that were counted elsewhere after all, remembered so that none is counted twice. */
const takenMax = 8_192
/** Occurrences until it is begun anew; by then it can tell little. */
const addedMax = 2 ** 20

/**
 * How often names came that there was no room for: never too small, and too large only where four other names share
 * all of a name's cells (a count-min sketch, updated conservatively).
 */
export class NameSketch {
  readonly #cells = new Uint16Array(width * rows)
  /** Hash of a name → how many of its occurrences were counted elsewhere. */
  readonly #taken = new Map<number, number>()
  #added = 0

  /** Counts the name `by` times more; answers how often it may have come since it was last taken. */
  add(name: string, by: number): number {
    if (++this.#added > addedMax) this.#forget()
    const first = hash(name, 0x811c9dc5)
    const step = hash(name, 0x9747b28c) | 1
    let least = most
    for (let row = 0; row < rows; row++) {
      least = Math.min(least, this.#cells[indexOf(first, step, row)] ?? 0)
    }
    const count = Math.min(most, least + by)
    for (let row = 0; row < rows; row++) {
      const at = indexOf(first, step, row)
      if ((this.#cells[at] ?? 0) < count) this.#cells[at] = count
    }
    return count - (this.#taken.get(identityOf(first, step)) ?? 0)
  }

  /** The name's `count` occurrences are counted elsewhere from now on. */
  take(name: string, count: number): void {
    const identity = identityOf(hash(name, 0x811c9dc5), hash(name, 0x9747b28c) | 1)
    const before = this.#taken.get(identity) ?? 0
    this.#taken.delete(identity)
    this.#taken.set(identity, before + count)
    const [oldest] = this.#taken.keys()
    if (this.#taken.size > takenMax && oldest !== undefined) this.#taken.delete(oldest)
  }

  #forget(): void {
    this.#cells.fill(0)
    this.#taken.clear()
    this.#added = 0
  }
}

function indexOf(first: number, step: number, row: number): number {
  return row * width + ((first + Math.imul(step, row)) >>> 15)
}

/** 53 bits of the two hashes. */
function identityOf(first: number, step: number): number {
  return first * 2 ** 21 + (step >>> 11)
}

/** FNV-1a, stirred once more at the end: the high bits are what is used. */
function hash(text: string, seed: number): number {
  let value = seed
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  return Math.imul(value ^ (value >>> 13), 0xc2b2ae35) >>> 0
}
