import { randomOf } from '../support/statistics.ts'
import { vectorNear } from '../support/vectors.ts'

export const documentsTotal = 50_000
export const dimensions = 128

/** Field and value whose equality keeps this share of the documents. */
export const selectivities = [
  { name: '100 %', field: 'all', value: 'yes' },
  { name: '10 %', field: 'ten', value: 't3' },
  { name: '1 %', field: 'hundred', value: 'h7' },
  { name: '0.1 %', field: 'thousand', value: 'm42' },
] as const

export interface Data {
  /** `documentsTotal` rows of `dimensions`, each of length 1. */
  vectors: Float32Array
  queries: Float32Array[]
}

/** Documents and queries lie around the same centres. */
export function makeData(queriesTotal: number): Data {
  const random = randomOf(12_345)
  const anyVector = () => vectorNear(Math.floor(random() * 1e6), dimensions, random)
  const vectors = new Float32Array(documentsTotal * dimensions)
  for (let i = 0; i < documentsTotal; i++) vectors.set(anyVector(), i * dimensions)
  return { vectors, queries: Array.from({ length: queriesTotal }, anyVector) }
}

export function fieldsOf(i: number): Record<string, string | number> {
  return { n: i, all: 'yes', ten: `t${i % 10}`, hundred: `h${i % 100}`, thousand: `m${i % 1000}` }
}

/** The ten nearest among those whose field has the value, by `n`: the truth that recall is measured against. */
export function exactTen(data: Data, query: Float32Array, field: string, value: string): number[] {
  const best: { n: number; score: number }[] = []
  for (let i = 0; i < documentsTotal; i++) {
    if (fieldsOf(i)[field] !== value) continue
    let score = 0
    const offset = i * dimensions
    for (let d = 0; d < dimensions; d++) score += (data.vectors[offset + d] ?? 0) * (query[d] ?? 0)
    if (best.length === 10 && score <= (best[9]?.score ?? 0)) continue
    best.push({ n: i, score })
    best.sort((a, b) => b.score - a.score)
    best.length = Math.min(10, best.length)
  }
  return best.map((hit) => hit.n)
}
