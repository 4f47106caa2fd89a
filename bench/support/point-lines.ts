import { randomOf } from './statistics.ts'
import { vectorNear, vectorText } from './vectors.ts'

export const dimensions = 128
const clusters = 100
const pieces = 8
/** A power of two: four bits of a random number choose one. */
const variants = 16
const linesPerPart = 500

/** cluster → piece → variant: the text of sixteen of a vector's numbers. */
const texts: readonly (readonly (readonly string[])[])[] = Array.from(
  { length: clusters },
  (_, cluster) => {
    const random = randomOf(cluster * 31 + 7)
    const rows = Array.from({ length: variants }, () =>
      vectorText(vectorNear(cluster, dimensions, random)),
    )
    const length = dimensions / pieces
    return Array.from({ length: pieces }, (_, piece) =>
      rows.map((row) => row.slice(piece * length, (piece + 1) * length).join(',')),
    )
  },
)

/**
 * The lines of an import of documents `from` to `to`, some at a time. Their vectors are put together of pieces of text,
 * so that making them costs the machine next to nothing beside taking them in; each is another one.
 */
export async function* pointLines(from: number, to: number): AsyncGenerator<string> {
  for (let first = from; first < to; first += linesPerPart) {
    const lines: string[] = []
    for (let n = first; n < Math.min(to, first + linesPerPart); n++) lines.push(lineOf(n))
    yield lines.join('')
  }
}

function lineOf(n: number): string {
  let bits = Math.floor(randomOf(n)() * 2 ** 32)
  const vector = (texts[n % clusters] ?? []).map((piece) => {
    const text = piece[bits & (variants - 1)]
    bits >>>= 4
    return text
  })
  return `{"n":${n},"group":"g${n % 100}","vectors":{"own":[${vector.join(',')}]}}\n`
}

/** What a search asks for: near the same centres, and no document's own. */
export function queryVector(n: number): number[] {
  return vectorText(vectorNear(n, dimensions, randomOf(n * 31 + 9)))
}
