import { z } from 'zod'
import type {
  ExtractedDocument,
  ExtractedRow,
  ExtractionFailureType,
} from '../../ports/extractor-runtime.ts'
import type { PluginCode, PluginFeature } from '../../ports/plugin-host.ts'
import { PluginEnded } from './plugin-ended.ts'

const failureTypes: readonly ExtractionFailureType[] = [
  'dependency',
  'authentication',
  'validation',
  'runtime',
  'network',
  'resource',
]
const sentenceMax = 2_000
const warningsMax = 100

const Document = z.object({
  position: z.array(z.union([z.string().max(1_024), z.number()])).max(16),
  fields: z.record(z.string(), z.unknown()),
  vectors: z.record(z.string(), z.string()),
  missing: z.array(z.string()).optional(),
})
type Document = z.infer<typeof Document>

const Result = z.union([
  z.object({ key: z.string(), documents: z.array(z.unknown()) }),
  z.object({ key: z.string(), skipped: z.string() }),
  z.object({ key: z.string(), failed: z.object({ type: z.string(), message: z.string() }) }),
])
type Result = z.infer<typeof Result>

const Answer = z.object({ results: z.array(z.unknown()), warnings: z.array(z.string()) })

export interface ReadResults {
  /** One answer a row, in their order. */
  rows: ExtractedRow[]
  /** Keys of the rows for which the process had no memory, files or threads left. */
  exhausted: ReadonlySet<string>
}

/**
 * What a plugin process answered for these rows, one answer a row and in their order, checked against what it
 * declares. A row that is answered wrongly fails; throws `PluginEnded` where the answer as a whole is not one for these rows.
 */
export function readResults(
  answer: unknown,
  keys: readonly string[],
  code: Pick<PluginCode, 'features'>,
  documentsMax: number,
): ReadResults {
  const parsed = Answer.safeParse(answer)
  if (!parsed.success) throw new PluginEnded('answer', 'its answer holds no results')
  const { results, warnings } = parsed.data
  if (results.length !== keys.length) {
    throw new PluginEnded('answer', `it answered ${results.length} results for ${keys.length} rows`)
  }
  const told = warnings.slice(0, warningsMax).map((one) => one.slice(0, sentenceMax))
  const read = results.map((result) => Result.safeParse(result).data)
  const rows = read.map((result, i) => readResult(result, keys[i] ?? '', code, documentsMax))
  // What is told of the whole batch is told once, with its first row that can carry it.
  const bearer = rows.find((row) => !('failure' in row))
  return {
    rows: rows.map((row) =>
      row === bearer && !('failure' in row) ? { ...row, warnings: told } : row,
    ),
    exhausted: new Set(read.flatMap((result) => (result && isExhausted(result) ? result.key : []))),
  }
}

function isExhausted(result: Result): boolean {
  return 'failed' in result && result.failed.type === 'resource'
}

function readResult(
  data: Result | undefined,
  key: string,
  code: Pick<PluginCode, 'features'>,
  documentsMax: number,
): ExtractedRow {
  if (data?.key !== key) return wrong(key, 'its answer is not one for this row')
  if ('failed' in data) return { key, failure: failureOf(data.failed) }
  if ('skipped' in data) return { key, skipped: data.skipped.slice(0, sentenceMax), warnings: [] }
  if (data.documents.length > documentsMax) {
    const given = data.documents.length
    const limit = `${documentsMax} (NACRE_CHUNKS_PER_OBJECT_MAX)`
    return {
      key,
      failure: { type: 'resource', message: `it became ${given} documents, at most ${limit}` },
    }
  }
  return readDocuments(key, data, code.features)
}

function readDocuments(
  key: string,
  { documents }: Extract<Result, { documents: unknown[] }>,
  features: readonly PluginFeature[],
): ExtractedRow {
  const read: ExtractedDocument[] = []
  for (const value of documents) {
    const document = Document.safeParse(value)
    if (!document.success) return wrong(key, 'its answer holds what is no document')
    const vectors = readVectors(document.data, features)
    if (typeof vectors === 'string') return wrong(key, vectors)
    const { position, fields, missing } = document.data
    read.push({ position, fields, vectors, ...(missing?.length && { missing }) })
  }
  return { key, documents: read, warnings: [] }
}

/** The sentence about the first wrong one, where there is one (plugin-contract 4.5). */
function readVectors(
  { vectors }: Document,
  features: readonly PluginFeature[],
): Record<string, Float32Array> | string {
  const read: Record<string, Float32Array> = {}
  for (const [name, encoded] of Object.entries(vectors)) {
    const feature = features.find((one) => one.name === name)
    if (!feature) return `it made a vector ${name}, which the manifest does not declare`
    const vector = readVector(encoded, feature)
    if (typeof vector === 'string') return vector
    read[name] = vector
  }
  return read
}

/** Base64 of little-endian float32 → numbers; the sentence about what is wrong, where something is. */
export function readVector(
  encoded: string,
  { name, dimensions }: Pick<PluginFeature, 'name' | 'dimensions'>,
): Float32Array | string {
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== dimensions * Float32Array.BYTES_PER_ELEMENT) {
    const given = bytes.length / Float32Array.BYTES_PER_ELEMENT
    return `${name} has ${given} dimensions, the manifest declares ${dimensions}`
  }
  const vector = new Float32Array(dimensions)
  for (let at = 0; at < dimensions; at += 1) vector[at] = bytes.readFloatLE(at * 4)
  const wrongAt = vector.findIndex((number) => !Number.isFinite(number))
  if (wrongAt < 0) return vector
  return `${name} holds ${vector[wrongAt]} at ${wrongAt}; every number must be finite`
}

function failureOf({ type, message }: { type: string; message: string }) {
  const known = failureTypes.find((one) => one === type) ?? 'runtime'
  return { type: known, message: message.slice(0, sentenceMax) }
}

function wrong(key: string, message: string): ExtractedRow {
  return { key, failure: { type: 'validation', message } }
}
