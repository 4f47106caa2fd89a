/** The weighted mean of directions, of unit length; zero only where they cancel out. All have one length. */
export function meanVector(
  vectors: readonly Float32Array[],
  weights: readonly number[],
): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0)
  for (const [i, vector] of vectors.entries()) {
    const factor = (weights[i] ?? 1) / (lengthOf(vector) || 1)
    for (const [d, value] of vector.entries()) mean[d] = (mean[d] ?? 0) + factor * value
  }
  const length = lengthOf(mean) || 1
  return mean.map((value) => value / length)
}

function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
}
