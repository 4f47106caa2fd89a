import { createHash } from 'node:crypto'

/** A text for comparison: the letter triples in it, as sorted 32-bit numbers, repeated as often as they occur. */
export type Triples = Uint32Array

/** Spaces are one space, and no letter stands alone: `a` has the triples of `  a  `. */
export function triplesOf(text: string): Triples {
  const plain = `  ${text.replace(/\s+/g, ' ').trim()}  `
  const triples = new Uint32Array(Math.max(0, plain.length - 2))
  for (let at = 0; at + 2 < plain.length; at += 1) {
    const [a, b, c] = [plain.charCodeAt(at), plain.charCodeAt(at + 1), plain.charCodeAt(at + 2)]
    triples[at] = Math.imul(Math.imul(a, 0x9e37_79b1) ^ b, 0x85eb_ca6b) ^ c
  }
  return triples.sort()
}

/**
 * Whether two texts are alike by at least `threshold`, 0 to 1: twice the triples that they share over the triples
 * of both (Dice, 1945). Stops as soon as too many differ.
 */
export function isAlike(a: Triples, b: Triples, threshold: number): boolean {
  const all = a.length + b.length
  if (all === 0) return true
  // Rounding may not part what the definition has together.
  const differentMax = (1 - threshold) * all + 1e-9
  if (Math.abs(a.length - b.length) > differentMax) return false
  let different = 0
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i] ?? 0, b[j] ?? 0]
    if (x === y) {
      i += 1
      j += 1
      continue
    }
    if (x < y) i += 1
    else j += 1
    different += 1
    if (different > differentMax) return false
  }
  return different + (a.length - i) + (b.length - j) <= differentMax
}

/** Short stand-in for a text of any length. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
