import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { Census } from '../payload-facts/census.ts'

/** What an index takes beside the values: the map from points to values, postings, and the numbers' order. */
const bytesOfPoint: Readonly<Record<PayloadFieldSchema['type'], number>> = {
  keyword: 60,
  integer: 110,
  float: 60,
  bool: 4,
  geo: 120,
  datetime: 110,
  text: 200,
  uuid: 60,
}

/** Bytes that an index will take, estimated from the census and never measured: a bound for the budget, no promise. */
export function estimateBytes(
  { withValue, valueBytes }: Pick<Census, 'withValue' | 'valueBytes'>,
  { type }: PayloadFieldSchema,
): number {
  return withValue * bytesOfPoint[type] + (type === 'keyword' ? valueBytes : 0)
}

export interface Budget {
  indexesMax: number
  bytesMax: number
}

/** Why one more index does not fit beside those that made themselves already; null where it does (I-5, I-13). */
export function overBudget(
  others: readonly { bytes: number }[],
  bytes: number,
  { indexesMax, bytesMax }: Budget,
): string | null {
  if (others.length >= indexesMax) {
    return `The namespace has ${others.length} indexes that made themselves, of at most ${indexesMax} (NACRE_AUTO_INDEXES_MAX).`
  }
  const taken = others.reduce((total, other) => total + other.bytes, 0)
  if (taken + bytes <= bytesMax) return null
  return `It would take about ${bytes} bytes (an estimate) beside ${taken} of the namespace's other indexes that made themselves, of at most ${bytesMax} (NACRE_AUTO_INDEX_BYTES_MAX).`
}
