/** Escapes with what belongs to them, classes, counted repetitions, brackets, and any other letter by itself. */
const tokens =
  /\\[pPx]\{[^}]*\}|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\{(\d{1,4})(,(\d{0,4}))?\}|[\s\S]/gu

/**
 * How many instructions a pattern becomes, by a look at its letters: about as many, or more. Counted repetitions are
 * copies, so that a short pattern can be a program that takes seconds to make; this tells before it is made.
 */
export function regexSize(pattern: string): number {
  const sums = [0]
  let last = 0
  for (const [token, least, open, most] of pattern.matchAll(tokens)) {
    const depth = sums.length - 1
    if (least !== undefined) {
      const copies = Math.max(Number(least) + (open === undefined ? 0 : 1), Number(most || 0))
      sums[depth] = (sums[depth] ?? 0) + last * Math.max(0, copies - 1)
      last *= Math.max(1, copies)
    } else if (token === '(') {
      sums.push(0)
    } else {
      last = token === ')' && depth > 0 ? (sums.pop() ?? 0) + 2 : 1
      sums[sums.length - 1] = (sums.at(-1) ?? 0) + last
    }
  }
  return sums.reduce((all, sum) => all + sum, 0)
}
