/**
 * Numbers from 0 (included) to 1 (not), the same for the same seed on every machine: SplitMix32 (Steele and others,
 * "Fast splittable pseudorandom number generators", 2014, in its 32-bit form).
 */
export function seededRandom(seed: number): () => number {
  let state = (seed ^ Math.trunc(seed / 0x1_0000_0000)) | 0
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0_aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a_2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000
  }
}
