import { performance } from 'node:perf_hooks'
import type { Ports } from '../../ports/ports.ts'
import { readFence } from '../../store/batches.ts'
import { readOpenRows } from '../../store/ingest-ledger.ts'
import { activeStatuses, type LedgerRow, type RowOutcome } from './batch.ts'
import type { BatchRun } from './batch-run.ts'
import { extractChunk, type ExtractedChunk } from './extract-chunk.ts'
import { verifyWritten, writeChunk } from './write-chunk.ts'

/** Rows given to the extractor together: the first chunk is small, for nobody knows yet how large its rows are. */
const firstRows = 16
const rowsMax = 64
/** Documents wanted of one chunk: enough to keep every thread busy, few enough to hold in memory. */
const documentsWanted = 128
/** Chunks being extracted at once: while one ends its last texts, the next keeps the threads busy. */
const extractionsMax = 2

export interface SliceResult {
  outcomes: RowOutcome[]
  /** True where the tier has no open row left beyond those of `outcomes`. */
  isTierDone: boolean
}

/**
 * Works on open rows of the current tier for about `batchSliceMs`: the next chunks are extracted while one is
 * written. Ends early where the batch was cancelled, taken over, or the process stops; what was written until then
 * is in `outcomes`, flushed and verified.
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
  readonly #written: ExtractedChunk['documents'] = []
  #after: LedgerRow | null = null
  #rowsNext = firstRows
  #isTierDone = false

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
        this.#learnSize(chunk)
        // The threads go on while this chunk is written; one write at a time is enough.
        await this.#fill()
        await writing
        writing = handled(this.#write(chunk))
      }
      await writing
    } finally {
      await Promise.allSettled([writing, ...this.#extracting])
    }
    const verified = await verifyWritten(this.#ports, this.#run, this.#written)
    return { outcomes: [...this.#outcomes, ...verified], isTierDone: this.#isTierDone }
  }

  /** Starts extractions up to the limit, while there is time, work, and nobody says stop. */
  async #fill(): Promise<void> {
    while (
      this.#extracting.length < extractionsMax &&
      !this.#isTierDone &&
      (await this.#goesOn())
    ) {
      const rows = await readOpenRows(this.#ports.db, this.#run.batch.id, {
        tier: this.#run.batch.currentTier,
        after: this.#after,
        limit: this.#rowsNext,
      })
      this.#after = rows.at(-1) ?? this.#after
      if (rows.length === 0) this.#isTierDone = true
      else this.#extracting.push(handled(extractChunk(this.#ports, this.#run, rows, this.#signal)))
    }
  }

  async #goesOn(): Promise<boolean> {
    // The first chunk is done however short the slice: else nothing ever would be.
    if (this.#after !== null && performance.now() >= this.#deadline) return false
    if (this.#signal.aborted) return false
    const now = await readFence(this.#ports.db, this.#run.batch.id)
    const isActive = activeStatuses.some((status) => status === now?.status)
    return isActive && now?.fence === this.#run.batch.fence
  }

  async #write(chunk: ExtractedChunk): Promise<void> {
    const { written, outcomes } = await writeChunk(this.#ports, this.#run, chunk)
    this.#written.push(...written)
    this.#outcomes.push(...outcomes)
  }

  #learnSize({ documents }: ExtractedChunk): void {
    if (documents.length === 0) return
    const made = documents.reduce((sum, row) => sum + row.documents.length, 0)
    const fitting = Math.round((documentsWanted * documents.length) / Math.max(1, made))
    this.#rowsNext = Math.min(rowsMax, Math.max(1, fitting))
  }
}

/** A promise that is awaited later, and may fail before: its failure is heard then, and is no unhandled one now. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
