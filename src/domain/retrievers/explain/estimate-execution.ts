import { z } from 'zod'
import type { Ports } from '../../../ports/ports.ts'
import { medianStageMs } from '../../../store/executions.ts'
import { countDocuments } from '../../documents/read.ts'
import { filterLimits } from '../../filters/filter-limits.ts'
import { parseFilter } from '../../filters/parse-filter.ts'
import type { Filter } from '../../filters/filter.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import { readInputs } from '../input-schema.ts'
import { contextOf } from '../template-scope.ts'
import type { Retriever } from '../retriever.ts'
import { rounded } from '../rounded.ts'
import type { Runnable } from '../runnable.ts'
import type { FilledStage, PlannedStage } from '../stage-plan.ts'
import { both, everything, type Location, type StageCall } from '../stage.ts'
import { searchedWithin } from '../stages/feature-search.ts'
import { explainConditions } from './explain-conditions.ts'

export const StageEstimate = z.object({
  stage_index: z.int(),
  stage_name: z.string(),
  stage_type: z.string(),
  estimated_input: z.int(),
  estimated_output: z.int(),
  estimated_efficiency: z.number(),
  estimated_cost_credits: z.number(),
  estimated_duration_ms: z.number(),
  cache_likely: z.boolean(),
  optimization_notes: z.array(z.string()),
  warnings: z.array(z.string()),
})
type StageEstimate = z.infer<typeof StageEstimate>

/** Contract 17.4. */
export const ExecutionEstimate = z.object({
  retriever_id: z.string(),
  retriever_name: z.string(),
  estimated_cost: z.object({ total_credits: z.number(), total_duration_ms: z.number() }),
  execution_plan: z.array(StageEstimate),
  optimization_suggestions: z.array(z.record(z.string(), z.unknown())),
  total_estimated_stages: z.int(),
  bottleneck_stages: z.array(z.string()),
  optimization_level: z.literal('mvp'),
  optimization_applied: z.boolean(),
  optimization_details: z.record(z.string(), z.unknown()),
})
export type ExecutionEstimate = z.infer<typeof ExecutionEstimate>

/**
 * What an execution with these inputs would do, without running a stage: documents are counted exactly by the filters
 * of the stages, durations are medians of the latest executions, and 0 with a note where there was none. Throws
 * `request_invalid` for inputs that an execution would refuse.
 */
export async function estimateExecution(
  ports: Ports,
  namespace: Namespace,
  { id, name, inputSchema }: Pick<Retriever, 'id' | 'name' | 'inputSchema'>,
  runnable: Runnable,
  request: { inputs: Record<string, unknown>; signal: AbortSignal },
): Promise<ExecutionEstimate> {
  const { collectionIds } = runnable
  const call = {
    ports,
    namespace,
    retrieverId: id,
    withVectors: false,
    signal: request.signal,
    inputs: readInputs(inputSchema, request.inputs),
    collectionIds: collectionIds.length > 0 ? collectionIds : null,
  }
  const durations = await medianStageMs(ports.db, id)
  const estimate = new Estimate(call)
  const plan: StageEstimate[] = []
  for (const [i, planned] of runnable.stages.entries())
    plan.push(await estimate.stage(i, planned, durations))
  const longest = plan.toSorted((a, b) => b.estimated_duration_ms - a.estimated_duration_ms)[0]
  const totalMs = plan.reduce((sum, { estimated_duration_ms: ms }) => sum + ms, 0)
  return {
    retriever_id: id,
    retriever_name: name,
    estimated_cost: { total_credits: 0, total_duration_ms: rounded(totalMs) },
    execution_plan: plan,
    optimization_suggestions: estimate.suggestions,
    total_estimated_stages: plan.length,
    bottleneck_stages: longest && longest.estimated_duration_ms > 0 ? [longest.stage_name] : [],
    optimization_level: 'mvp',
    optimization_applied: estimate.pushedDown.length > 0,
    optimization_details: { pushed_down: estimate.pushedDown },
  }
}

type EstimateCall = Omit<StageCall, 'location' | 'preFilter'>

class Estimate {
  readonly pushedDown: string[] = []
  readonly suggestions: Record<string, unknown>[] = []
  readonly #call: EstimateCall
  #filter: Filter | null = null
  #collectionIds: readonly string[] | null
  /** Null: all that meet the filter, not counted yet. */
  #count: number | null = null
  #isRead = false

  constructor(call: EstimateCall) {
    this.#call = call
    this.#collectionIds = call.collectionIds
  }

  async stage(
    i: number,
    planned: PlannedStage,
    durations: ReadonlyMap<string, number>,
  ): Promise<StageEstimate> {
    const { name, stage } = planned
    const input = this.#count ?? (await this.#counted(this.#filter))
    const before = this.#filter
    const isSearch = await this.#pass(planned, this.#filled(planned), input)
    const output = this.#count ?? (await this.#counted(this.#filter))
    if (!this.#isRead) this.pushedDown.push(name)
    if (isSearch) this.#isRead = true
    const { notes, warnings } = await this.#conditions(before)
    const ms = durations.get(name)
    if (ms === undefined) notes.push('never executed so far: its duration is not known')
    return {
      stage_index: i,
      stage_name: name,
      stage_type: stage.category,
      estimated_input: input,
      estimated_output: output,
      estimated_efficiency: input === 0 ? 1 : output / input,
      estimated_cost_credits: 0,
      estimated_duration_ms: rounded(ms ?? 0),
      cache_likely: false,
      optimization_notes: notes,
      warnings,
    }
  }

  /** Nothing was found yet, so that STAGE has nothing to tell. */
  #filled(planned: PlannedStage): FilledStage {
    const { ports, namespace, inputs, retrieverId } = this.#call
    const context = contextOf({ ports, namespace, retrieverId, executionId: null })
    return planned.fill({ input: inputs, context, stage: {} }, ports.config.templateStepsMax)
  }

  /** What the stage leaves. True where it has to hold documents. */
  async #pass(planned: PlannedStage, filled: FilledStage, input: number): Promise<boolean> {
    const { stage, location } = planned
    const at = location.slice(0, -1)
    const preFilter = this.#parsed(filled.preFilters, [...at, 'pre_filters'])
    const postFilter = this.#parsed(filled.postFilters, [...at, 'post_filters'])
    const { parameters } = filled
    const call: StageCall = { ...this.#call, location, preFilter }
    if (stage.stageId === 'feature_search') {
      const { filter, collectionIds } = await searchedWithin(call, parameters, everything)
      await this.#narrow(filter, input)
      this.#collectionIds = collectionIds
      const candidates = await this.#counted(this.#filter)
      const most = stage.leavesAtMost?.(parameters, input) ?? input
      this.#count = Math.min(candidates, input, most)
    } else if (stage.leavesAtMost) {
      this.#count = Math.min(input, stage.leavesAtMost(parameters, input))
    } else if (stage.category !== 'sort') {
      // On documents that nobody has read yet, a filter or a limit only says what it would do.
      const { selection } = await stage.run(call, parameters, everything)
      if (selection.kind === 'unread') {
        await this.#narrow(selection.filter, input)
        const left = Math.max(0, (this.#count ?? input) - selection.offset)
        if (selection.limit !== null) this.#count = Math.min(left, selection.limit)
      }
    }
    await this.#narrow(postFilter, this.#count ?? input)
    const { searches } = parameters
    if (stage.stageId !== 'feature_search') return stage.leavesAtMost !== undefined
    return (Array.isArray(searches) && searches.length > 0) || parameters['group_by'] !== undefined
  }

  /** A filter on documents found already keeps the share of them that it keeps of all. */
  async #narrow(filter: Filter | null, input: number): Promise<void> {
    if (filter === null) return
    const all = await this.#counted(this.#filter)
    this.#filter = both(this.#filter, filter)
    const left = await this.#counted(this.#filter)
    const isPart = this.#count !== null || this.#isRead
    this.#count = isPart ? Math.round(all === 0 ? 0 : (input * left) / all) : null
  }

  async #counted(filter: Filter | null): Promise<number> {
    const { ports, namespace, signal } = this.#call
    const scope = { collectionIds: this.#collectionIds }
    return await countDocuments(ports, namespace, scope, filter, signal)
  }

  /** What is to be said of the conditions that this stage has added. */
  async #conditions(before: Filter | null): Promise<{ notes: string[]; warnings: string[] }> {
    const notes: string[] = []
    const warnings: string[] = []
    const added = this.#filter === before ? null : this.#filter
    const known = before === null ? 0 : leavesIn(before)
    const scope = { collectionIds: this.#collectionIds }
    for (const each of (await explainConditions(this.#call, scope, added)).slice(known)) {
      const { field, operator, index, why } = each
      if (index) notes.push(`${field} ${operator}: served by the ${index.type} index`)
      if (why === null) continue
      warnings.push(`${field} ${operator}: ${why}`)
      if (!index) this.suggestions.push({ type: 'payload_index', field_name: field, message: why })
    }
    return { notes, warnings }
  }

  #parsed(given: unknown, location: Location): Filter | null {
    const { ports, inputs } = this.#call
    return parseFilter(given, [...location], { inputs, limits: filterLimits(ports.config) })
  }
}

function leavesIn(filter: Filter): number {
  return filter.kind === 'leaf' ? 1 : filter.filters.reduce((sum, each) => sum + leavesIn(each), 0)
}
