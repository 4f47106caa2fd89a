import { meanVector } from '../../domain/extractors/mean-vector.ts'
import { halveChunk, splitText } from '../../domain/extractors/split-text.ts'
import type { Chunk, SplitRule } from '../../domain/extractors/split-text.ts'
import { splitRuleOf, textVectorName } from '../../domain/extractors/text-extractor.ts'
import type { Embedder, TextRefusal } from '../../ports/embedder.ts'
import type {
  ExtractedDocument,
  ExtractedRow,
  ExtractionFailureType,
  ExtractorRow,
  ExtractRequest,
} from '../../ports/extractor-runtime.ts'

interface Piece {
  chunk: Chunk
  vector: Float32Array | TextRefusal
}
type RowFailure = { type: ExtractionFailureType; message: string }

/**
 * Texts → chunks → vectors; all rows' chunks go to the model together. A row with a text that the model refuses
 * fails alone, with the model's reason. Throws where the model itself is not there: then no row is at fault.
 */
export async function extractTexts(
  embedder: Embedder,
  chunksMax: number,
  request: ExtractRequest,
  signal?: AbortSignal,
): Promise<ExtractedRow[]> {
  const rule = splitRuleOf(request.parameters)
  const rows = request.rows.map((row) => chunksOf(row, rule, chunksMax))
  const chunks = rows.flatMap((row) => (Array.isArray(row) ? row : []))
  const pieces = await embedAll(chunks)
  let next = 0
  return rows.map((row, i) => {
    const key = request.rows[i]?.key ?? ''
    if (!Array.isArray(row)) return { key, failure: row }
    const own = pieces.slice(next, (next += row.length)).flat()
    const [whole] = row
    const isWhole = rule.splitBy === 'none' && whole !== undefined && own.length > 1
    return isWhole ? wholeRow(key, whole, own) : rowOf(key, own, row.length, chunksMax)
  })

  /** The pieces of each chunk: itself, or its parts where it is longer than the model reads. */
  async function embedAll(given: readonly Chunk[]): Promise<Piece[][]> {
    const vectors = await embedder.embed(
      request.model,
      given.map(({ text }) => text),
      'batch',
      signal,
    )
    const halves = given.map((chunk, i) => (isTooLong(vectors[i]) ? halveChunk(chunk) : null))
    const shorter = halves.flatMap((pair) => pair ?? [])
    const deeper = shorter.length === 0 ? [] : await embedAll(shorter)
    let at = 0
    return given.map((chunk, i) => {
      if (halves[i]) return deeper.slice(at, (at += 2)).flat()
      const vector = vectors[i]
      return vector === undefined ? [] : [{ chunk, vector }]
    })
  }
}

function chunksOf(
  { inputs }: ExtractorRow,
  rule: SplitRule,
  chunksMax: number,
): Chunk[] | RowFailure {
  const text = textOf(inputs['text'])
  if (typeof text !== 'string') return text
  const chunks = splitText(text, rule, chunksMax)
  if (chunks === null) return tooMany(chunksMax)
  if (chunks.length > 0) return chunks
  return { type: 'validation', message: "The input 'text' is empty: there is nothing to embed." }
}

function textOf(value: unknown): string | RowFailure {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string')) {
    return value.join('\n')
  }
  const kind =
    value === undefined || value === null
      ? 'is missing'
      : `is ${Array.isArray(value) ? 'an array' : 'an object'}`
  return {
    type: 'validation',
    message: `The input 'text' ${kind}; input_mappings must name a field that holds text.`,
  }
}

function rowOf(
  key: string,
  pieces: readonly Piece[],
  chunkCount: number,
  chunksMax: number,
): ExtractedRow {
  if (pieces.length > chunksMax) return { key, failure: tooMany(chunksMax) }
  const documents: ExtractedDocument[] = []
  for (const [index, { chunk, vector }] of pieces.entries()) {
    if (!(vector instanceof Float32Array))
      return { key, failure: refused(vector, index, pieces.length) }
    documents.push(documentOf(chunk, vector, index, pieces.length))
  }
  return {
    key,
    documents,
    warnings: pieces.length > chunkCount ? [splitFurther(pieces.length, chunkCount)] : [],
  }
}

/** Unsplit text that the model cannot read at once: one document all the same, of every part's meaning. */
function wholeRow(key: string, chunk: Chunk, pieces: readonly Piece[]): ExtractedRow {
  const vectors: Float32Array[] = []
  for (const [index, { vector }] of pieces.entries()) {
    if (!(vector instanceof Float32Array))
      return { key, failure: refused(vector, index, pieces.length) }
    vectors.push(vector)
  }
  const weights = pieces.map(({ chunk: part }) => part.text.length)
  const document = documentOf(chunk, meanVector(vectors, weights), 0, 1)
  return { key, documents: [document], warnings: [averaged(pieces.length)] }
}

function documentOf(
  chunk: Chunk,
  vector: Float32Array,
  index: number,
  total: number,
): ExtractedDocument {
  return {
    position: [index],
    fields: {
      text: chunk.text,
      chunk_index: index,
      total_chunks: total,
      chunk_start: chunk.start,
      chunk_end: chunk.end,
    },
    vectors: { [textVectorName]: vector },
  }
}

function refused({ message }: TextRefusal, index: number, total: number): RowFailure {
  const where = total === 1 ? '' : `Chunk ${index} of ${total}: `
  return { type: 'validation', message: `${where}${message}` }
}

function tooMany(chunksMax: number): RowFailure {
  const message = `The text makes more than ${chunksMax} chunks (NACRE_CHUNKS_PER_OBJECT_MAX); a larger chunk_size or a smaller chunk_overlap makes fewer.`
  return { type: 'resource', message }
}

function splitFurther(pieces: number, chunks: number): string {
  return `Chunks longer than the model reads were split further: ${pieces} instead of ${chunks}. A smaller chunk_size avoids it.`
}

function averaged(parts: number): string {
  return `The text is longer than the model reads: its vector is the mean of ${parts} parts. split_by gives each part a document of its own.`
}

function isTooLong(vector: Float32Array | TextRefusal | undefined): boolean {
  return vector !== undefined && !(vector instanceof Float32Array) && vector.reason === 'too_long'
}
