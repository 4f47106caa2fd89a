import { randomOf } from './statistics.ts'

const clusters = 100
const centres = new Map<number, readonly (readonly number[])[]>()

/** Of length 1 and near the nth of a hundred centres, as real embeddings are clustered. */
export function vectorNear(n: number, dimensions: number, random: () => number): Float32Array {
  const centre = centresOf(dimensions)[n % clusters] ?? []
  const row = Float32Array.from(centre, (value) => value + (random() - 0.5) * 0.6)
  const norm = Math.hypot(...row)
  return row.map((value) => value / norm)
}

/** As it is sent: six decimals. */
export function vectorText(vector: Float32Array): number[] {
  return Array.from(vector, (value) => Math.round(value * 1e6) / 1e6)
}

function centresOf(dimensions: number): readonly (readonly number[])[] {
  const known = centres.get(dimensions)
  if (known) return known
  const made = Array.from({ length: clusters }, (_, i) => {
    const random = randomOf(i + 1)
    return Array.from({ length: dimensions }, () => random() * 2 - 1)
  })
  centres.set(dimensions, made)
  return made
}
