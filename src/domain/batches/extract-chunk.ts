import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import type { NewDocument } from '../documents/document.ts'
import { whyAbsent } from '../extractors/absent-plugins.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { findExtractor } from '../extractors/extractors-of.ts'
import { isFailure } from '../failure.ts'
import type { ErrorType, LedgerRow, RowOutcome } from './batch.ts'
import type { BatchRun } from './batch-run.ts'
import { buildDocuments, passedFields, resolveInputs } from './build-documents.ts'
import { collisionFault, documentFault } from './document-fault.ts'
import { loadSources, type Source } from './load-sources.ts'
import { runPlugin } from './run-plugin.ts'

export interface ExtractedSource {
  row: LedgerRow
  source: Source
  documents: NewDocument[]
}

/** Rows whose documents are to be written, and rows that have ended without any. */
export interface ExtractedChunk {
  documents: ExtractedSource[]
  /** Of these the collection makes nothing now, whatever it made of them before: they are in `outcomes` as well. */
  emptied: { row: LedgerRow; source: Source }[]
  outcomes: RowOutcome[]
  /** What the extractor said beside its documents, each once: for the batch's task. */
  warnings: ReadonlySet<string>
}

/** What of a run an extraction knows: whose collections, and which of their sources are wanted. */
export type ExtractionRun = Pick<BatchRun, 'namespace' | 'collections' | 'filters'> &
  Partial<Pick<BatchRun, 'asked'>>
export type ExtractNeeds = Pick<
  Ports,
  'db' | 'cache' | 'blobs' | 'vectors' | 'extractors' | 'plugins'
>

/**
 * Sources → inputs → extractor → documents, for rows of one collection. Every row ends somewhere: in documents, or
 * failed or skipped with a reason; an extractor that gives nothing is a failure, never silence (design 3).
 * Throws where the extractor itself cannot run: then no row is at fault.
 */
export async function extractChunk(
  ports: ExtractNeeds,
  run: ExtractionRun,
  rows: readonly LedgerRow[],
  signal: AbortSignal,
): Promise<ExtractedChunk> {
  const collection = run.collections.get(rows[0]?.collectionId ?? '')
  const extractor =
    collection &&
    (await findExtractor(ports, run.namespace, collection.extractor.feature_extractor_id))
  if (!collection) return allSkipped(rows)
  if (!extractor) {
    const id = collection.extractor.feature_extractor_id
    const reason = await whyAbsent(ports, run.namespace, id)
    return allFailed(rows, reason ?? `No extractor ${id} runs here.`)
  }
  const sources = await loadSources(ports, run.namespace, rows)
  const gone = rows.filter((row) => !sources.some((source) => source.row === row))
  const chunk: ExtractedChunk = {
    documents: [],
    emptied: [],
    outcomes: gone.map((row) =>
      skipped(row, 'The source was deleted after the batch was submitted.'),
    ),
    warnings: new Set(),
  }
  const ready = sources.filter((source) => isReady(run, collection, extractor, source, chunk))
  const extracted = await extract(ports, run, { collection, extractor }, ready, signal)
  for (const [i, source] of ready.entries()) {
    sortOut(run, collection, extractor, source, extracted[i], chunk)
  }
  const warnings = new Set(extracted.flatMap((row) => ('warnings' in row ? row.warnings : [])))
  return { ...chunk, warnings }
}

async function extract(
  ports: ExtractNeeds,
  { namespace }: ExtractionRun,
  means: { collection: Collection; extractor: Extractor },
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<ExtractedRow[]> {
  if (sources.length === 0) return []
  if (means.extractor.source === 'custom')
    return await runPlugin(ports, namespace, means, sources, signal)
  const config = means.collection.extractor
  const rows = sources.map(({ row, values }) => ({
    key: row.sourceId,
    inputs: resolveInputs(config, values),
  }))
  const { model } = namespace.embedding
  const { feature_extractor_id: extractorId, parameters } = config
  return await ports.extractors.extract({ extractorId, parameters, model, rows }, signal)
}

/** Whether a source is given to the extractor; where it is not, the chunk says why. */
function isReady(
  run: ExtractionRun,
  collection: Collection,
  extractor: Extractor,
  source: Source,
  chunk: ExtractedChunk,
): boolean {
  const { row } = source
  const wanted = wantedBy(run, collection, source)
  // What the trigger leaves out keeps its documents; what the collection leaves out has none.
  if (wanted === 'nobody') chunk.emptied.push({ row, source })
  const outcome =
    wanted === 'all'
      ? incompleteness(collection, extractor, source)
      : typeof wanted === 'object'
        ? failed(row, 'validation', `source_filters cannot be tested on it: ${wanted.reason}`)
        : skipped(row, 'source_filters do not match it.')
  if (outcome) chunk.outcomes.push(outcome)
  return outcome === null
}

/** Whose filters a source meets: `collection` where the trigger leaves it out. A reason where that cannot be said. */
function wantedBy(
  run: ExtractionRun,
  { id }: Collection,
  { payload }: Source,
): 'all' | 'collection' | 'nobody' | { reason: string } {
  const meets = (filters: BatchRun['filters'] | undefined) =>
    filters?.get(id)?.every((holds) => holds(payload)) !== false
  try {
    if (!meets(run.filters)) return 'nobody'
    return meets(run.asked) ? 'all' : 'collection'
  } catch (error) {
    // A text on which a regex may take too many steps: this source's own, no other one has to fail with it.
    if (isFailure(error, 'bad_request')) return { reason: error.detail.reason }
    throw error
  }
}

/** What a source lacks of what the collection wants of it; null where that is nothing. */
function incompleteness(
  collection: Collection,
  extractor: Extractor,
  { row, values }: Source,
): RowOutcome | null {
  const { missing } = passedFields(collection.extractor, values)
  if (missing.length > 0) {
    return failed(
      row,
      'validation',
      `field_passthrough requires ${missing.join(', ')}, which it lacks.`,
    )
  }
  const mappings = Object.entries(collection.extractor.input_mappings)
  const required = mappings.filter(([input]) => extractor.inputs[input]?.required)
  const inputs = resolveInputs(collection.extractor, values)
  if (required.length === 0 || required.some(([input]) => inputs[input] !== null)) return null
  const paths = required.map(([input, path]) => `'${path}' (input ${input})`).join(', ')
  return failed(row, 'validation', `It has no value at ${paths}.`)
}

function sortOut(
  run: ExtractionRun,
  collection: Collection,
  extractor: Extractor,
  source: Source,
  result: ExtractedRow | undefined,
  chunk: ExtractedChunk,
): void {
  const { row } = source
  if (!result || result.key !== row.sourceId) {
    chunk.outcomes.push(failed(row, 'runtime', `${extractor.id} returned no row for it.`))
    return
  }
  if ('failure' in result) {
    chunk.outcomes.push(failed(row, result.failure.type, result.failure.message))
    return
  }
  if ('skipped' in result) {
    chunk.emptied.push({ row, source })
    chunk.outcomes.push(skipped(row, result.skipped, 'validation'))
    return
  }
  const isPlugin = extractor.source === 'custom'
  // What a plugin says is of its run, not of a document.
  const warnings = isPlugin ? [] : result.warnings
  const documents = buildDocuments(collection, source, result.documents, warnings)
  const wrong =
    (isPlugin ? collisionFault(collection, source, result.documents) : null) ??
    documentFault(run.namespace, extractor, documents)
  if (wrong) chunk.outcomes.push(failed(row, wrong.type, wrong.message))
  else chunk.documents.push({ row, source, documents })
}

function allFailed(rows: readonly LedgerRow[], reason: string): ExtractedChunk {
  const outcomes = rows.map((row) => failed(row, 'dependency', reason))
  return { documents: [], emptied: [], outcomes, warnings: new Set() }
}

function allSkipped(rows: readonly LedgerRow[]): ExtractedChunk {
  const reason = 'The collection was deleted after the batch was submitted.'
  const outcomes = rows.map((row) => skipped(row, reason))
  return { documents: [], emptied: [], outcomes, warnings: new Set() }
}

function failed(row: LedgerRow, errorType: ErrorType, reason: string): RowOutcome {
  return { state: 'failed', row, errorType, reason }
}

function skipped(row: LedgerRow, reason: string, errorType?: ErrorType): RowOutcome {
  return { state: 'skipped', row, reason, ...(errorType && { errorType }) }
}
