/** The longest name that is compared; beyond it a typing mistake is not what happened. */
const nameLengthMax = 64

/**
 * The known name that `given` was most likely meant to be: "Did you mean …?". Null where none is near,
 * that is further than a third of its letters. Case, `-` and `_` cost nothing.
 */
export function nearestName(given: string, known: Iterable<string>): string | null {
  const wanted = plain(given)
  if (wanted.length === 0 || wanted.length > nameLengthMax) return null

  let nearest: string | null = null
  let best = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(wanted, plain(name))
    if (distance >= best) continue
    nearest = name
    best = distance
  }
  return nearest
}

/** `; did you mean 'chunk_size'?`, or nothing: the tail of a message about an unknown name. */
export function suggestion(given: string, known: Iterable<string>): string {
  const name = nearestName(given, known)
  return name === null ? '' : `; did you mean '${name}'?`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? Infinity) + 1 : Infinity
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed, swapped))
    }
    before = above
    above = row
  }
  return above[b.length] ?? 0
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '')
}
