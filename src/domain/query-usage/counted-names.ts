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
 * sketch), so that frequent names are found among any number of others and their counts are too small by less
 * than the rarest kept.
 */
export class CountedNames<E extends Counted> {
  readonly #memory: SharedMemory
  readonly #namesMax: number
  readonly #space: string
  #entries = new Map<string, E>()
  /** No entry has a count below this; raised by looking at all of them. */
  #floor = 0

  /** `space` tells these names from the same ones of other tables. */
  constructor(memory: SharedMemory, namesMax: number, space: string) {
    this.#memory = memory
    this.#namesMax = namesMax
    this.#space = space
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry of the name, made where there is room for it; null where the name is too rare to be kept. */
  entry(name: string, make: () => E): E | null {
    const known = this.#entries.get(name)
    if (known) return known
    const made = make()
    if (this.#hasRoom(made.size)) return this.#put(name, made)
    this.#memory.isFull = true
    const before = this.#admit(name)
    if (before === null) return null
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
    if (!rarest) return null
    const [itsName, its] = rarest
    this.#floor = its.count
    if (count <= its.count) return null
    this.#entries.delete(itsName)
    this.#memory.bytes -= its.size
    sketch.add(`${this.#space}${itsName}`, its.count)
    sketch.take(key, count)
    return count - 1
  }

  #rarest(): [string, E] | null {
    let rarest: [string, E] | null = null
    for (const one of this.#entries) if (!rarest || one[1].count < rarest[1].count) rarest = one
    return rarest
  }
}
