import { performance } from 'node:perf_hooks'
import type { Ports } from '../../ports/ports.ts'
import { readFence } from '../../store/batches.ts'
import { readOpenRows } from '../../store/ingest-ledger.ts'
import { activeStatuses, type LedgerRow, type RowOutcome } from './batch.ts'
import type { BatchRun } from './batch-run.ts'
import { flushDocuments } from '../documents/write.ts'
import { extractChunk, type ExtractedChunk, type ExtractedSource } from './extract-chunk.ts'
import { markProgress } from './progress.ts'
import { verifyWritten } from './verify-written.ts'
import { writeChunk } from './write-chunk.ts'

/** Rows given to the extractor together: the first chunk is small, for nobody knows yet how large its rows are. */
const firstRows = 16
const rowsMax = 128
/** How long the extraction of one chunk shall take: so often there is something to mark, and a cancel is heard. */
const chunkMs = 600
/** Documents of one chunk: few enough to hold in memory. */
const documentsMax = 256
/** How long rows that are written wait for their mark, which costs a flush and a count of the ledger. */
const markEveryMs = 1_500
/** Chunks being extracted at once: while one ends its last texts, the next keeps the threads busy. */
const extractionsMax = 2

export interface SliceResult {
  outcomes: RowOutcome[]
  /** Of the extractors, each once. */
  warnings: readonly string[]
  /** True where the tier has no open row left beyond those of `outcomes`. */
  isTierDone: boolean
}

/**
 * Works on open rows of the current tier for about `batchSliceMs`: the next chunks are extracted while one is
 * written, and rows are marked as they end. Ends early where the batch was cancelled, taken over, or the process
 * stops; what was written until then and is not marked is in `outcomes`, flushed and verified.
 */
export async function runSlice(
  ports: Ports,
  run: BatchRun,
  signal: AbortSignal,
): Promise<SliceResult> {
  const slice = new Slice(ports, run, signal)
  return await slice.work()
}

class Slice {
  readonly #ports: Ports
  readonly #run: BatchRun
  readonly #signal: AbortSignal
  readonly #deadline: number
  readonly #extracting: Promise<ExtractedChunk>[] = []
  readonly #outcomes: RowOutcome[] = []
  readonly #written: ExtractedSource[] = []
  readonly #warnings = new Set<string>()
  #markedAt = performance.now()
  #after: LedgerRow | null = null
  #rowsNext = firstRows
  /** Whether every open row was read; some of them may be left open again. */
  #isRead = false
  #leavesOpen = false
  #hasRemoved = false

  constructor(ports: Ports, run: BatchRun, signal: AbortSignal) {
    this.#ports = ports
    this.#run = run
    this.#signal = signal
    this.#deadline = performance.now() + ports.config.batchSliceMs
  }

  async work(): Promise<SliceResult> {
    let writing: Promise<void> = Promise.resolve()
    try {
      await this.#fill()
      for (let next = this.#extracting.shift(); next; next = this.#extracting.shift()) {
        const chunk = await next
        // The threads go on while this chunk is written; one write at a time is enough.
        await this.#fill()
        await writing
        writing = handled(this.#write(chunk))
      }
      await writing
    } finally {
      await Promise.allSettled([writing, ...this.#extracting])
    }
    const warnings = [...this.#warnings]
    const outcomes = await this.#ended()
    return { outcomes, warnings, isTierDone: this.#isRead && !this.#leavesOpen }
  }

  /** Starts extractions up to the limit, while there is time, work, and nobody says stop. */
  async #fill(): Promise<void> {
    while (this.#extracting.length < extractionsMax && !this.#isRead && (await this.#goesOn())) {
      const rows = await readOpenRows(this.#ports.db, this.#run.batch.id, {
        tier: this.#run.batch.currentTier,
        after: this.#after,
        limit: this.#rowsNext,
      })
      this.#after = rows.at(-1) ?? this.#after
      if (rows.length === 0) this.#isRead = true
      else this.#extracting.push(handled(this.#extract(rows)))
    }
  }

  async #extract(rows: readonly LedgerRow[]): Promise<ExtractedChunk> {
    const startedAt = performance.now()
    const chunk = await extractChunk(this.#ports, this.#run, rows, this.#signal)
    for (const warning of chunk.warnings) this.#warnings.add(warning)
    this.#learnSize(rows.length, chunk, performance.now() - startedAt)
    return chunk
  }

  async #goesOn(): Promise<boolean> {
    // The first chunk is done however short the slice: else nothing ever would be.
    if (this.#after !== null && performance.now() >= this.#deadline) return false
    return !this.#signal.aborted && (await this.#isMine())
  }

  /** Whether the batch still is to be done, and by this job. */
  async #isMine(): Promise<boolean> {
    const now = await readFence(this.#ports.db, this.#run.batch.id)
    const isActive = activeStatuses.some((status) => status === now?.status)
    return isActive && now?.fence === this.#run.batch.fence
  }

  async #write(chunk: ExtractedChunk): Promise<void> {
    // The extraction may have taken minutes: a batch that was cancelled meanwhile writes nothing more.
    if (!(await this.#isMine())) {
      this.#leavesOpen = true
      return
    }
    const { written, outcomes, hasRemoved } = await writeChunk(this.#ports, this.#run, chunk)
    this.#written.push(...written)
    this.#outcomes.push(...outcomes)
    this.#hasRemoved ||= hasRemoved
    if (performance.now() - this.#markedAt < markEveryMs) return
    await markProgress(this.#ports, this.#run.batch, await this.#ended())
    this.#markedAt = performance.now()
  }

  /** What has ended since this was asked last, flushed and verified. */
  async #ended(): Promise<RowOutcome[]> {
    const outcomes = this.#outcomes.splice(0)
    const written = this.#written.splice(0)
    if (written.length === 0) {
      if (this.#hasRemoved) await flushDocuments(this.#ports, this.#run.namespace)
      this.#hasRemoved = false
      return outcomes
    }
    this.#hasRemoved = false
    const verified = await verifyWritten(this.#ports, this.#run, written)
    this.#leavesOpen ||= verified.leavesOpen
    return [...outcomes, ...verified.outcomes]
  }

  #learnSize(rows: number, { documents }: ExtractedChunk, tookMs: number): void {
    const made = documents.reduce((sum, row) => sum + row.documents.length, 0)
    const inTime = (rows * chunkMs) / Math.max(1, tookMs)
    const inMemory = (rows * documentsMax) / Math.max(1, made)
    const fitting = Math.floor(Math.min(rowsMax, inTime, inMemory))
    // Never more than twice as many: one quick chunk says little of the next.
    this.#rowsNext = Math.max(1, Math.min(fitting, 2 * Math.max(rows, firstRows)))
  }
}

/** A promise that is awaited later, and may fail before: its failure is heard then, and is no unhandled one now. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
