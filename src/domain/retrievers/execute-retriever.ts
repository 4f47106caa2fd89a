import type { Ports } from '../../ports/ports.ts'
import { filterLimits } from '../filters/filter-limits.ts'
import { parseFilter } from '../filters/parse-filter.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { ExecutionTrace } from './explain/execution-trace.ts'
import { explainExecution } from './explain/explain-execution.ts'
import type { Explanation } from './explain/explanation.ts'
import { readInputs } from './input-schema.ts'
import { keptBy } from './keep-documents.ts'
import { keepExecution, keepFailure } from './keep-execution.ts'
import { resultPage } from './pagination.ts'
import type { ResultPage } from './pagination.ts'
import { readResults } from './read-results.ts'
import type { Results } from './read-results.ts'
import { readSelection } from './read-selection.ts'
import { rounded } from './rounded.ts'
import { contextOf, StagesFound } from './template-scope.ts'
import type { Runnable } from './runnable.ts'
import type { PlannedStage } from './stage-plan.ts'
import type { StageOutcome, StageProgress, StageStatistics } from './stage-progress.ts'
import type { Aggregation, Location, Selection, StageCall, StageResult } from './stage.ts'
import { both, everything } from './stage.ts'

/** What is asked of one execution, as the client sent it (contract 17.3). */
export interface ExecuteRequest {
  inputs?: Record<string, unknown> | null | undefined
  /** The plugin tutorial's word for the same. */
  input?: Record<string, unknown> | null | undefined
  /** Holds for all stages, as if each had it. */
  filters?: unknown
  limit?: number | null | undefined
  pagination?: unknown
}

export interface ExecuteOptions {
  withVectors: boolean
  signal: AbortSignal
  /** Says how it was done and why it is not more, which takes longer than doing it. */
  explain?: boolean
  /** Is told of each stage as it begins and ends; nothing of a request that is refused. */
  onStage?: (progress: StageProgress) => void
}

export interface Execution {
  id: string
  results: Results
  page: ResultPage
  statistics: Record<string, StageStatistics>
  facets: StageResult['facets'] | null
  /** By the names of their stages. */
  aggregations: ReadonlyMap<string, Aggregation>
  stagesTotal: number
  stagesCompleted: number
  /** Null: it ran to its end. */
  error: string | null
  createdAt: Date
  durationMs: number
  /** Where it was asked for. */
  explanation?: Explanation
}

/**
 * Runs the stages in order. Nothing of it touches SQL: the retriever, its collections and the namespace come from
 * memory, and the record of the execution is written later. Throws `request_invalid` for wrong inputs.
 */
export async function executeRetriever(
  ports: Ports,
  namespace: Namespace,
  runnable: Runnable,
  request: ExecuteRequest,
  options: ExecuteOptions,
): Promise<Execution> {
  const startedAt = performance.now()
  const createdAt = ports.now()
  const id = ports.newId('exec')
  const elapsedMs = () => performance.now() - startedAt
  try {
    const run = new Run(ports, namespace, runnable, request, {
      ...options,
      executionId: id,
      elapsedMs,
    })
    await run.stages()
    const execution = { ...(await run.finish()), id, createdAt, durationMs: elapsedMs() }
    keepExecution(ports, namespace, runnable, execution)
    if (!run.trace) return execution
    const done = { ...execution, trace: run.trace }
    const explanation = await explainExecution(ports, namespace, done, options.signal)
    return { ...execution, explanation }
  } catch (error) {
    keepFailure(ports, namespace, runnable, { id, createdAt, durationMs: elapsedMs() }, error)
    throw error
  }
}

/** One execution under way. */
class Run {
  readonly trace: ExecutionTrace | null
  readonly #call: Omit<StageCall, 'location' | 'preFilter' | 'inputs'>
  readonly #plan: readonly PlannedStage[]
  readonly #inputs: Record<string, unknown>
  readonly #found: StagesFound
  readonly #context: Record<string, unknown>
  readonly #page: ResultPage
  readonly #timeMsMax: number
  readonly #elapsedMs: () => number
  readonly #tell: (index: number, name: string, what: StageOutcome) => void
  readonly #statistics = new Map<string, StageStatistics>()
  /** Of stages whose documents are not read yet: they go to the engine with the next that reads. */
  #unread: StageStatistics[] = []
  #selection: Selection
  #facets: StageResult['facets'] | null = null
  readonly #aggregations = new Map<string, Aggregation>()
  #error: string | null = null

  constructor(
    ports: Ports,
    namespace: Namespace,
    runnable: Runnable,
    request: ExecuteRequest,
    options: ExecuteOptions & { executionId: string; elapsedMs: () => number },
  ) {
    const { withVectors, signal, explain = false, executionId, elapsedMs, onStage } = options
    const { collectionIds, retrieverId } = runnable
    const of = { executionId, total: runnable.stages.length }
    this.#tell = (index, name, what) =>
      onStage?.({ ...of, index, name, elapsedMs: elapsedMs(), ...what })
    this.#elapsedMs = elapsedMs
    this.trace = explain ? new ExecutionTrace() : null
    this.#call = {
      ports: this.trace ? Object.assign({ ...ports }, { trace: this.trace }) : ports,
      namespace,
      withVectors,
      retrieverId,
      signal,
      collectionIds: collectionIds.length > 0 ? collectionIds : null,
    }
    this.#plan = runnable.stages
    this.#inputs = readInputs(runnable.inputSchema, { ...request.input, ...request.inputs })
    this.#context = contextOf({ ports, namespace, retrieverId, executionId })
    this.#found = new StagesFound(namespace, runnable.stages)
    this.#page = resultPage(request.pagination, request.limit ?? undefined)
    this.#timeMsMax = runnable.timeMsMax
    this.#selection = { ...everything, filter: this.#filter(request.filters, ['body', 'filters']) }
  }

  async stages(): Promise<void> {
    for (const [index, planned] of this.#plan.entries()) {
      this.#call.signal.throwIfAborted()
      await this.#told(planned, index)
      const elapsedMs = this.#elapsedMs()
      if (this.#timeMsMax > 0 && elapsedMs > this.#timeMsMax) {
        this.#error = `Budget exceeded: ${Math.round(elapsedMs)} ms of at most ${this.#timeMsMax} ms.`
        return
      }
    }
  }

  async finish(): Promise<Omit<Execution, 'id' | 'createdAt' | 'durationMs'>> {
    const { kind } = this.#selection
    this.trace?.finishes(kind === 'unread' ? this.#selection.sort.map(({ field }) => field) : [])
    const results = await readResults(this.#call, this.#selection, this.#page)
    this.#settle(results.total ?? results.documents.length)
    return {
      results,
      page: this.#page,
      statistics: Object.fromEntries(this.#statistics),
      facets: this.#facets,
      aggregations: this.#aggregations,
      stagesTotal: this.#plan.length,
      stagesCompleted: this.#statistics.size,
      error: this.#error,
    }
  }

  async #told(planned: PlannedStage, index: number): Promise<void> {
    const { name } = planned
    let isBegun = false
    try {
      const statistics = await this.#stage(planned, () => {
        isBegun = true
        this.#tell(index, name, { state: 'begun' })
      })
      const documents = this.#selection.kind === 'read' ? this.#selection.documents : null
      this.#tell(index, name, { state: 'done', documents, statistics })
    } catch (error) {
      if (isBegun) this.#tell(index, name, { state: 'failed', error })
      throw error
    }
  }

  async #stage(planned: PlannedStage, begin: () => void): Promise<StageStatistics> {
    const { name, stage, location } = planned
    const startedAt = performance.now()
    const { parameters, preFilters, postFilters } = planned.fill(
      { input: this.#inputs, context: this.#context, stage: this.#found.stages },
      this.#call.ports.config.templateStepsMax,
    )
    const at = location.slice(0, -1)
    const preFilter = this.#filter(preFilters, [...at, 'pre_filters'])
    const before = this.#selection
    begin()
    this.trace?.begins(name)
    const { selection, facets, metadata, aggregation, losses } = await stage.run(
      { ...this.#call, inputs: this.#inputs, location, preFilter },
      parameters,
      before,
    )
    const postFilter = this.#filter(postFilters, [...at, 'post_filters'])
    const kept = await this.#filtered(selection, postFilter)
    this.#selection = kept.selection
    this.trace?.ends({
      name,
      stageId: stage.stageId,
      parameters,
      input: before.kind === 'read' ? before.documents.length : null,
      output: kept.of ?? (selection.kind === 'read' ? selection.documents.length : null),
      kept:
        kept.selection.kind === 'read' && kept.of !== null ? kept.selection.documents.length : null,
      losses: losses ?? [],
    })
    this.#facets = facets ?? this.#facets
    if (aggregation) this.#aggregations.set(name, aggregation)
    if (this.#found.isNeededAfter(planned)) await this.#remember(name)
    return this.#count(name, before, performance.now() - startedAt, metadata)
  }

  /** A later stage's templates read what this one found. */
  async #remember(name: string): Promise<void> {
    const documents = await readSelection(this.#call, this.#selection)
    this.#selection = { kind: 'read', documents }
    this.#found.add(name, documents)
  }

  /** `of`: on how many documents in memory the filter was tested; null: it goes to the engine. */
  async #filtered(
    selection: Selection,
    filter: Filter | null,
  ): Promise<{ selection: Selection; of: number | null }> {
    if (filter === null) return { selection, of: null }
    if (selection.kind === 'unread' && selection.limit === null && selection.offset === 0) {
      return { selection: { ...selection, filter: both(selection.filter, filter) }, of: null }
    }
    const documents = await readSelection(this.#call, selection)
    const kept = await keptBy(filter, documents, this.#call.namespace, this.#call.signal)
    return { selection: { kind: 'read', documents: kept }, of: documents.length }
  }

  #filter(given: unknown, location: Location): Filter | null {
    const limits = filterLimits(this.#call.ports.config)
    return parseFilter(given, [...location], { inputs: this.#inputs, limits })
  }

  #count(
    name: string,
    before: Selection,
    durationMs: number,
    metadata?: Record<string, unknown>,
  ): StageStatistics {
    const input = before.kind === 'read' ? before.documents.length : 0
    const output = this.#selection.kind === 'read' ? this.#selection.documents.length : 0
    const statistics: StageStatistics = {
      input_count: input,
      output_count: output,
      duration_ms: rounded(durationMs),
      efficiency: input === 0 ? 1 : output / input,
      cache_hit: false,
      ...(metadata && { metadata }),
    }
    this.#statistics.set(name, statistics)
    if (this.#selection.kind === 'read') this.#settle(output)
    else
      this.#unread.push(Object.assign(statistics, { metadata: { ...metadata, pushed_down: true } }))
    return statistics
  }

  /** What went to the engine together is known only when it was read. */
  #settle(count: number): void {
    for (const statistics of this.#unread) statistics.output_count = count
    this.#unread = []
  }
}
