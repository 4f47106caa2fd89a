import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { PluginCode, PluginRow, PluginRun } from '../../ports/plugin-host.ts'
import { failureTypeOf, PluginEnded, PluginRefused } from './plugin-ended.ts'
import type { ProcessPool } from './process-pool.ts'
import { readResults } from './read-results.ts'
import type { RowInputs } from './row-inputs.ts'

export interface RowRunner {
  pool: ProcessPool
  inputs: RowInputs
  batchMs: number
  concurrencyMax: number
  documentsMax: number
}

/** Text that one batch may hold; a batch of longer ones has fewer rows. */
const batchTextMax = 8 << 20
const batchRowsMax = 1_024
/** The least time that a part of a batch which took too long is given. */
const partMsMin = 1_000
/** What a process answers before its first rows. */
const loadingCalls = 1
/** Rows in a row that found no more memory alone than beside others; then the plugin, or its limit, is at fault. */
const vainMax = 16

/** Rows through a plugin, in batches, as many at once as it may have processes. One answer a row, in order. */
export async function runRows(
  runner: RowRunner,
  code: PluginCode,
  request: PluginRun,
  signal?: AbortSignal,
): Promise<ExtractedRow[]> {
  const batches = batchesOf(request.rows, Math.min(code.profile.batchSize, batchRowsMax))
  const answers: ExtractedRow[][] = batches.map(() => [])
  const run: Run = { runner, code, request, signal, vain: 0 }
  let next = 0
  const work = async () => {
    for (let at = next++; at < batches.length; at = next++)
      answers[at] = await runBatch(run, batches[at] ?? [], runner.batchMs)
  }
  const workers = Math.min(code.profile.maxConcurrency, runner.concurrencyMax, batches.length)
  await Promise.all(Array.from({ length: workers }, work))
  return answers.flat()
}

interface Run {
  runner: RowRunner
  code: PluginCode
  request: PluginRun
  signal: AbortSignal | undefined
  /** How many rows in a row were tried alone in vain. */
  vain: number
}

/** What is known of a try beside its answer. */
interface Attempt {
  /** Whether its process had worked on other rows before. */
  wasUsed: boolean
  /** Rows for which the process had no memory, files or threads left. */
  exhausted: ReadonlySet<string>
}

/**
 * A batch that ends its process is tried again in halves, down to the rows that do it: those fail, and the others are
 * done. A row that fails alone was not spoiled by what the process had done before: it is tried in one that had done
 * nothing. Where the plugin as a whole is at fault, its processes soon rest, and the rest of the rows fail at once.
 */
async function runBatch(
  run: Run,
  rows: readonly PluginRow[],
  wallMs: number,
): Promise<ExtractedRow[]> {
  const attempt: Attempt = { wasUsed: false, exhausted: new Set() }
  try {
    const answers = await tryBatch(run, rows, wallMs, attempt)
    const hadNeighbours = attempt.wasUsed || rows.length > 1
    return hadNeighbours ? await runAlone(run, rows, answers, attempt.exhausted, wallMs) : answers
  } catch (error) {
    run.signal?.throwIfAborted()
    if (!(error instanceof PluginEnded || error instanceof PluginRefused)) throw error
    if (!isWorthAnother(error)) return failAll(rows, error)
    if (rows.length > 1) return await runHalves(run, rows, isTimeOut(error) ? wallMs / 2 : wallMs)
    return attempt.wasUsed ? await runBatch(run, rows, wallMs) : failAll(rows, error)
  }
}

/**
 * The exhausted rows again, each in a process that had done nothing: another row, and not they, may have taken what
 * there was. The answers with theirs in place.
 */
async function runAlone(
  run: Run,
  rows: readonly PluginRow[],
  answers: readonly ExtractedRow[],
  exhausted: ReadonlySet<string>,
  wallMs: number,
): Promise<ExtractedRow[]> {
  const merged = [...answers]
  for (const [at, row] of rows.entries()) {
    if (!exhausted.has(row.key) || run.vain >= vainMax) continue
    const [answer] = await runBatch(run, [row], wallMs)
    run.vain = answer && 'failure' in answer ? run.vain + 1 : 0
    if (answer) merged[at] = answer
  }
  return merged
}

/** With half the time after a batch that took too long: all attempts together take some twice the time of the first. */
async function runHalves(
  run: Run,
  rows: readonly PluginRow[],
  wallMs: number,
): Promise<ExtractedRow[]> {
  const middle = Math.ceil(rows.length / 2)
  const partMs = Math.max(wallMs, Math.min(partMsMin, run.runner.batchMs))
  return [
    ...(await runBatch(run, rows.slice(0, middle), partMs)),
    ...(await runBatch(run, rows.slice(middle), partMs)),
  ]
}

async function tryBatch(
  run: Run,
  rows: readonly PluginRow[],
  wallMs: number,
  attempt: Attempt,
): Promise<ExtractedRow[]> {
  const { runner, code, signal } = run
  await using inputs = await runner.inputs.take(code, rows, signal)
  const given = wireRun(run, rows, inputs.data)
  return await runner.pool.use(code, 'batch', signal, async (process) => {
    attempt.wasUsed = process.answered > loadingCalls
    const answer = await process.ask(given, wallMs, signal)
    const keys = rows.map(({ key }) => key)
    const read = readResults(answer, keys, code, runner.documentsMax)
    attempt.exhausted = read.exhausted
    // What is left of a process that ran out is not for the next rows.
    if (read.exhausted.size > 0) process.kill()
    return read.rows
  })
}

/** Plugin-contract 4. */
function wireRun({ code, request }: Run, rows: readonly PluginRow[], data: readonly string[]) {
  return {
    op: 'run',
    rows: rows.map((row, i) => wireRow(row, data[i] ?? '', code, request)),
    parameters: request.parameters,
    dataset_size: request.rows.length,
    request: {
      namespace_id: code.namespaceId,
      collection_id: request.collectionId,
      input_mappings: request.inputMappings,
    },
  }
}

/** Plugin-contract 4.1. */
function wireRow(row: PluginRow, data: string, code: PluginCode, { collectionId }: PluginRun) {
  return {
    key: row.key,
    data,
    document_id: row.documentId,
    object_id: row.objectId,
    blob_id: row.blob.id,
    blob_property: row.blob.property,
    blob_type: row.blob.type,
    collection_id: collectionId,
    ...(row.sourceDocumentId !== undefined && { source_document_id: row.sourceDocumentId }),
    feature_extractor_id: code.pluginId,
    mime_type: row.blob.mimeType,
    size_bytes: row.blob.sizeBytes,
    aliases: Object.fromEntries(row.aliases.map((name) => [name, data])),
  }
}

function batchesOf(rows: readonly PluginRow[], rowsMax: number): PluginRow[][] {
  const batches: PluginRow[][] = []
  let batch: PluginRow[] = []
  let text = 0
  for (const row of rows) {
    const length = 'text' in row.data ? row.data.text.length : 0
    if (batch.length >= rowsMax || (batch.length > 0 && text + length > batchTextMax)) {
      batches.push(batch)
      batch = []
      text = 0
    }
    batch.push(row)
    text += length
  }
  return batch.length > 0 ? [...batches, batch] : batches
}

/** Whether fewer rows, or another process, may fare better. What cannot be loaded, or rests, fares the same. */
function isWorthAnother(error: PluginEnded | PluginRefused): boolean {
  if (error instanceof PluginRefused) return error.kind === 'resource' // too much in one answer, or for one memory
  return error.reason !== 'started' && error.reason !== 'resting' && error.reason !== 'closed'
}

function isTimeOut(error: Error): boolean {
  return error instanceof PluginEnded && (error.reason === 'time' || error.reason === 'cpu')
}

function failAll(rows: readonly PluginRow[], error: PluginEnded | PluginRefused): ExtractedRow[] {
  const of = rows.length > 1 ? ` (in a batch of ${rows.length} rows)` : ''
  const failure = { type: failureTypeOf(error), message: `${error.message}${of}` }
  return rows.map(({ key }) => ({ key, failure }))
}
