/** Milliseconds to three places, as answers show them. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
