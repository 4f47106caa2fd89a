/** Units that `chunk_size` and `chunk_overlap` count. `none`: the text is one chunk. */
export const splitUnits = ['characters', 'words', 'sentences', 'paragraphs', 'none'] as const
export type SplitUnit = (typeof splitUnits)[number]

export interface SplitRule {
  splitBy: SplitUnit
  /** Units in a chunk, at most. */
  size: number
  /** Units that a chunk repeats of the one before; less than `size`. */
  overlap: number
}

export interface Chunk {
  text: string
  /** Where it stands in the source, in UTF-16 units: `source.slice(start, end) === text`. */
  start: number
  end: number
}

/** [start, end) of each unit, flat: start, end, start, end, … */
type Units = number[]

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

/**
 * The text in overlapping chunks of whole units. Every character but white space between units is in some chunk,
 * and no chunk lies within another. Null where there would be more than `chunksMax`.
 */
export function splitText(text: string, rule: SplitRule, chunksMax: number): Chunk[] | null {
  if (text.trim() === '') return []
  if (rule.splitBy === 'none') return chunksMax < 1 ? null : [trimmed(text, 0, text.length)]

  const step = rule.size - rule.overlap
  const units = unitsOf(text, rule.splitBy, chunksMax * step + rule.overlap)
  if (units === null) return null
  const unitCount = units.length / 2
  const chunkCount = Math.max(1, Math.ceil((unitCount - rule.overlap) / step))
  return Array.from({ length: chunkCount }, (_, i) => {
    const start = units[2 * i * step] ?? 0
    const end = units[2 * Math.min(i * step + rule.size, unitCount) - 1] ?? text.length
    if (rule.splitBy !== 'characters') return trimmed(text, start, end)
    return { text: text.slice(start, end), start, end }
  }).filter((chunk) => chunk.text.trim() !== '')
}

/**
 * A chunk as two, at the end of the paragraph, sentence or word nearest to its middle: for one that is longer than
 * the model reads. Null where it is a single character.
 */
export function halveChunk(chunk: Chunk): [Chunk, Chunk] | null {
  const at = cutNearMiddle(chunk.text)
  if (at === null) return null
  const halves = [chunk.text.slice(0, at), chunk.text.slice(at)] as const
  return [
    trimmed(halves[0], 0, halves[0].length, chunk.start),
    trimmed(halves[1], 0, halves[1].length, chunk.start + at),
  ]
}

/** Null where there are more than `unitsMax`: a text of millions of words is not taken apart to be refused. */
function unitsOf(text: string, unit: Exclude<SplitUnit, 'none'>, unitsMax: number): Units | null {
  const units: Units = []
  for (const { index, 0: match } of partsOf(text, unit)) {
    if (match.trim() === '' && unit !== 'characters') continue
    if (units.length >= 2 * unitsMax) return null
    units.push(index, index + match.length)
  }
  return units
}

function partsOf(
  text: string,
  unit: Exclude<SplitUnit, 'none'>,
): Iterable<{ index: number; 0: string }> {
  switch (unit) {
    case 'characters':
      return text.matchAll(/./gsu)
    case 'words':
      return text.matchAll(/\S+/g)
    case 'sentences':
      return sentencesOf(text)
    case 'paragraphs':
      return paragraphsOf(text)
  }
}

function* sentencesOf(text: string): Iterable<{ index: number; 0: string }> {
  for (const { index, segment } of sentences.segment(text)) yield { index, 0: segment }
}

/** Between empty lines. Not one pattern for a paragraph: it would keep a step to go back to for each character. */
function* paragraphsOf(text: string): Iterable<{ index: number; 0: string }> {
  let start = 0
  for (const { index, 0: gap } of text.matchAll(/\n[^\S\n]*\n/g)) {
    yield { index: start, 0: text.slice(start, index) }
    start = index + gap.length
  }
  yield { index: start, 0: text.slice(start) }
}

function trimmed(text: string, start: number, end: number, offset = 0): Chunk {
  const slice = text.slice(start, end)
  const from = start + slice.length - slice.trimStart().length
  const to = Math.max(from, end - (slice.length - slice.trimEnd().length))
  return { text: text.slice(from, to), start: offset + from, end: offset + to }
}

function cutNearMiddle(text: string): number | null {
  const middle = text.length / 2
  for (const boundary of [/\n\s*\n/g, /[.!?…]["')\]]*\s+/g, /\s+/g, /./gsu]) {
    let best: number | null = null
    for (const { index, 0: match } of text.matchAll(boundary)) {
      const cut = index + match.length
      const isInside = text.slice(0, cut).trim() !== '' && cut < text.length
      if (isInside && (best === null || Math.abs(cut - middle) < Math.abs(best - middle)))
        best = cut
      if (cut > middle) break
    }
    // A cut at the very edge would leave the long part as long as it was.
    if (best !== null && best > text.length / 8 && best < (text.length * 7) / 8) return best
  }
  const [first] = text
  return first !== undefined && first.length < text.length ? first.length : null
}
