/** Bytes of one point id. */
const bytesOfId = 16

/** Point ids (UUIDs) in ascending order, 16 bytes each: a million take 16 MB. */
export class PointIds {
  #bytes = Buffer.alloc(64 * bytesOfId)
  #length = 0

  /** In ascending order: each id beyond the last one. Throws a TypeError for what is no UUID, or out of order. */
  add(pointId: string): void {
    const id = Buffer.from(pointId.replaceAll('-', ''), 'hex')
    if (id.length !== bytesOfId) throw new TypeError(`${pointId} is no UUID`)
    if (this.#length > 0 && Buffer.compare(this.#at(this.#length - 1), id) >= 0)
      throw new TypeError(`${pointId} is not in order`)
    if ((this.#length + 1) * bytesOfId > this.#bytes.length) this.#grow()
    id.copy(this.#bytes, this.#length * bytesOfId)
    this.#length += 1
  }

  get length(): number {
    return this.#length
  }

  /** The greatest id; null of none. */
  last(): string | null {
    return this.#length === 0 ? null : uuidOf(this.#at(this.#length - 1))
  }

  /**
   * Ids that only one of the two has, up to and with `upTo` (null: all), in ascending order; no more than `max` of
   * them, evenly over all there are.
   */
  differing(other: PointIds, upTo: string | null, max: number): string[] {
    const end = upTo === null ? null : Buffer.from(upTo.replaceAll('-', ''), 'hex')
    const found: Buffer[] = []
    let i = 0
    let j = 0
    while (i < this.#length || j < other.#length) {
      const order = this.#compare(i, other, j)
      const id = order <= 0 ? this.#at(i) : other.#at(j)
      if (end && Buffer.compare(id, end) > 0) break
      if (order !== 0) found.push(id)
      if (order <= 0) i += 1
      if (order >= 0) j += 1
    }
    const step = Math.max(1, found.length / max)
    const chosen = Math.min(found.length, max)
    return Array.from({ length: chosen }, (_, n) => found[Math.floor(n * step)]).flatMap((id) =>
      id ? [uuidOf(id)] : [],
    )
  }

  /** An end counts as beyond every id. */
  #compare(i: number, other: PointIds, j: number): number {
    if (i >= this.#length) return 1
    if (j >= other.#length) return -1
    return Buffer.compare(this.#at(i), other.#at(j))
  }

  #at(place: number): Buffer {
    return this.#bytes.subarray(place * bytesOfId, (place + 1) * bytesOfId)
  }

  #grow(): void {
    const larger = Buffer.alloc(this.#bytes.length * 2)
    this.#bytes.copy(larger)
    this.#bytes = larger
  }
}

/** Whether the first id stands before the second, or is it: ids are ordered by their digits. */
export function isUpTo(pointId: string, end: string | null): boolean {
  return end === null || pointId.toLowerCase() <= end.toLowerCase()
}

function uuidOf(id: Buffer): string {
  const hex = id.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
