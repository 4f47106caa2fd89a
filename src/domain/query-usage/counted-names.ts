import { NameSketch } from './name-sketch.ts'

/** What is counted under a name until it is written. */
export interface Counted {
  count: number
  /** By how much `count` may be too large. */
  countError: number
  /** Bytes of memory, estimated. */
  size: number
}

/** Memory that all tables of a process share. */
export interface SharedMemory {
  bytes: number
  bytesMax: number
  /** Set when a name found no room: what is counted should be written soon. */
  isFull: boolean
  /** Made when it is needed first. */
  sketch: NameSketch | null
}

/**
 * Counts by name in bounded memory. Exact while all names fit; beyond that a name that comes more often than the
 * rarest one kept takes its place, with what it may have counted before (Space-Saving, the earlier counts from a
 * sketch), so that frequent names are found among any number of others. Such a name has its place at once in the
 * tables after this one: from then on it is counted exactly again.
 */
export class CountedNames<E extends Counted> {
  readonly #memory: SharedMemory
  readonly #namesMax: number
  readonly #space: string
  #entries = new Map<string, E>()
  /** No entry has a count below this; raised by looking at all of them. */
  #floor = 0
  /** Names that came again while there was no room for all, the latest last. */
  #regulars = new Set<string>()

  /** `space` tells these names from the same ones of other tables. */
  constructor(memory: SharedMemory, namesMax: number, space: string) {
    this.#memory = memory
    this.#namesMax = namesMax
    this.#space = space
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry of the name, made where there is room for its `size`; null where the name is too rare to be kept. */
  entry(name: string, size: number, make: () => E): E | null {
    const known = this.#entries.get(name)
    if (known) return known
    if (this.#hasRoom(size)) return this.#put(name, make())
    this.#memory.isFull = true
    const before = this.#regulars.has(name) ? this.#seat() : this.#admit(name)
    if (before === null) return null
    const made = make()
    made.count = before
    made.countError = before
    return this.#put(name, made)
  }

  /** Puts back what was taken, joined with what came meanwhile; false where there is no room for it. */
  putBack(name: string, entry: E, join: (into: E, from: E) => void): boolean {
    const known = this.#entries.get(name)
    if (known) join(known, entry)
    else if (!this.#hasRoom(entry.size)) return false
    else this.#put(name, entry)
    return true
  }

  /** Everything that is counted; the table begins anew. */
  take(): E[] {
    if (this.#entries.size >= this.#namesMax) this.#findRegulars()
    const taken = [...this.#entries.values()]
    for (const { size } of taken) this.#memory.bytes -= size
    this.#entries = new Map()
    this.#floor = 0
    return taken
  }

  #hasRoom(size: number): boolean {
    const { bytes, bytesMax } = this.#memory
    return this.#entries.size < this.#namesMax && bytes + size <= bytesMax
  }

  #put(name: string, made: E): E {
    this.#entries.set(name, made)
    this.#memory.bytes += made.size
    return made
  }

  /** How often the name came before this time, once the rarest entry has made room for it. */
  #admit(name: string): number | null {
    const sketch = (this.#memory.sketch ??= new NameSketch())
    const key = `${this.#space}${name}`
    const count = sketch.add(key, 1)
    if (count <= this.#floor) return null
    const rarest = this.#rarest()
    if (!rarest || count <= rarest[1].count) return null
    this.#evict(rarest)
    sketch.take(key, count)
    return count - 1
  }

  /** Makes room for a name that had an entry before; nothing of it was missed. */
  #seat(): number | null {
    const rarest = this.#rarest()
    if (!rarest) return null
    this.#evict(rarest)
    return 0
  }

  #evict([name, { size, count }]: [string, E]): void {
    this.#entries.delete(name)
    this.#memory.bytes -= size
    this.#memory.sketch ??= new NameSketch()
    this.#memory.sketch.add(`${this.#space}${name}`, count)
  }

  /** Half of the places at most, so that new names have theirs. */
  #findRegulars(): void {
    for (const [name, { count, countError }] of this.#entries) {
      if (count - countError < 2) continue
      this.#regulars.delete(name)
      this.#regulars.add(name)
    }
    const old = [...this.#regulars].slice(0, -Math.floor(this.#namesMax / 2))
    for (const name of old) this.#regulars.delete(name)
  }

  /** Never a regular: what was counted of it would be missed. */
  #rarest(): [string, E] | null {
    let rarest: [string, E] | null = null
    for (const one of this.#entries) {
      if (rarest && one[1].count >= rarest[1].count) continue
      if (!this.#regulars.has(one[0])) rarest = one
      if (rarest && rarest[1].count <= 1) break
    }
    this.#floor = rarest?.[1].count ?? 0
    return rarest
  }
}
