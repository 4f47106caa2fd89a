export const letterDimensions = 64
const pieceLetters = 3

/** A vector of a text's letters, of length 1: texts that are spelt alike lie near each other. No model, no network. */
export function lettersVector(text: string): number[] {
  const row = Array.from({ length: letterDimensions }, () => 0)
  for (const word of text.toLowerCase().split(/[^a-z]+/)) {
    const padded = ` ${word} `
    for (let i = 0; word !== '' && i + pieceLetters <= padded.length; i++) {
      const place = placeOf(padded.slice(i, i + pieceLetters))
      row[place] = (row[place] ?? 0) + 1
    }
  }
  const norm = Math.hypot(...row)
  // A text without letters lies where no piece leads by itself: cosine knows no zero.
  if (norm === 0) return row.with(0, 1)
  return row.map((value) => Math.round((value / norm) * 1e4) / 1e4)
}

/** FNV-1a. */
function placeOf(piece: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < piece.length; i++)
    sum = Math.imul(sum ^ piece.charCodeAt(i), 0x01000193) >>> 0
  return sum % letterDimensions
}
