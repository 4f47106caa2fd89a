import { isRecord } from '../../parse-parameters.ts'
import type { Results } from '../read-results.ts'
import type { ResultPage } from '../pagination.ts'
import type { ExecutionTrace, TracedStage } from './execution-trace.ts'
import type { MeasuredRead } from './explain-read.ts'
import type { ShortReason } from './explanation.ts'
import { fewCandidates, shortSearch } from './short-search.ts'

/** What an execution came to, for the reasons why it is not more. */
export interface Outcome {
  trace: Pick<ExecutionTrace, 'stages'>
  reads: readonly MeasuredRead[]
  results: Pick<Results, 'documents' | 'limit'>
  page: ResultPage
  /** The execution's own word on why it stopped. */
  error: string | null
}

/** How many documents the page could have had: what the request, else the stages, else the default says. */
export function askedFor({ trace, results, page }: Outcome): number {
  if (page.limit !== null) return page.limit
  const bounds = trace.stages.flatMap((stage) => boundOf(stage) ?? [])
  return bounds.length > 0 ? Math.min(...bounds) : results.limit
}

/** Why fewer documents came than were asked for, in the order in which they were lost. */
export function whyShort(outcome: Outcome): ShortReason[] {
  const { trace, reads, results, page, error } = outcome
  const asked = askedFor(outcome)
  const reasons: ShortReason[] = []
  if (error !== null) {
    const message = `${error} The stages after that were not run.`
    reasons.push({
      reason: 'budget',
      stage: trace.stages.at(-1)?.name ?? null,
      message,
      figures: {},
    })
  }
  if (results.documents.length >= asked) return reasons
  const wanted = asked + page.offset
  let reached: number | null = null
  for (const stage of trace.stages) {
    const own = reads.filter(({ explained }) => explained.stages.includes(stage.name))
    reached = stage.input ?? reached ?? candidatesIn(own)
    reasons.push(...stageReasons(stage, own, wanted, reached))
    reached = stage.kept ?? stage.output ?? leftBy(stage, reached)
  }
  for (const { list, explained } of reads) {
    if (list) reasons.push(...fewCandidates(list, wanted, explained.stages.at(-1) ?? null))
  }
  return distinct([...reasons, ...pageReasons(outcome)])
}

function stageReasons(
  stage: TracedStage,
  reads: readonly MeasuredRead[],
  wanted: number,
  reached: number,
): ShortReason[] {
  const { name, stageId, input, output, kept } = stage
  const reasons: ShortReason[] = []
  if (isSearch(stage)) reasons.push(...searchReasons(stage, reads, wanted))
  const bound = boundOf(stage)
  if (bound !== null && bound < wanted && bound <= (output ?? leftBy(stage, reached))) {
    const message = `The stage lets ${bound} documents through at most.`
    reasons.push({ reason: 'stage_limit', stage: name, message, figures: { limit: bound } })
  }
  const offset = offsetOf(stage)
  if (offset > 0 && reached < offset + wanted) {
    const message = `The stage skips the first ${offset} documents.`
    reasons.push({ reason: 'stage_offset', stage: name, message, figures: { offset } })
  }
  if (stageId === 'attribute_filter' && input !== null && output !== null && output < input) {
    const message = `${output} of the ${input} documents that reached the stage meet its condition.`
    reasons.push({ reason: 'stage_filter', stage: name, message, figures: { input, output } })
  }
  for (const loss of stage.losses) reasons.push({ ...loss, stage: name })
  if (kept !== null && output !== null && kept < output) {
    const message = `${kept} of the stage's ${output} documents meet its post_filters.`
    reasons.push({ reason: 'post_filters', stage: name, message, figures: { output, kept } })
  }
  return reasons
}

function searchReasons(
  { name, parameters }: TracedStage,
  reads: readonly MeasuredRead[],
  wanted: number,
): ShortReason[] {
  const queries = reads.flatMap(({ search, explained }) =>
    search ? [{ ...search, found: explained.found }] : [],
  )
  if (queries.length === 0) {
    const message = 'Every search of the stage was left out, since there was nothing to look for.'
    return [{ reason: 'empty_query', stage: name, message, figures: {} }]
  }
  const [search] = Array.isArray(parameters['searches']) ? parameters['searches'] : []
  return queries.flatMap(({ searches, limit, found }) => {
    if (found < limit) return searches.flatMap((each) => shortSearch(each, limit, name))
    const topK =
      searches.length === 1 && !isRecord(parameters['group_by']) ? numberOf(topKOf(search)) : null
    const final = numberOf(parameters['final_top_k'])
    if (topK === null || topK >= wanted || (final !== null && final <= topK)) return []
    const message = `The search brings ${topK} documents at most (top_k).`
    return [{ reason: 'top_k' as const, stage: name, message, figures: { top_k: topK } }]
  })
}

function pageReasons({ page, results, reads }: Outcome): ShortReason[] {
  const { documents } = results
  if (page.cursor !== null) {
    const message = `The page follows a cursor, and ${documents.length} documents were left.`
    return [{ reason: 'last_page', stage: null, message, figures: { left: documents.length } }]
  }
  if (page.offset === 0 || reads.length === 0) return []
  const message = `The page begins after ${page.offset} documents, and ${documents.length} were left.`
  const figures = { offset: page.offset, left: documents.length }
  return [{ reason: 'last_page', stage: null, message, figures }]
}

/** Of what stages only described, and one read carried out: how many documents there were to begin with. */
function candidatesIn(reads: readonly MeasuredRead[]): number {
  return Math.max(0, ...reads.flatMap(({ list }) => (list ? [list.candidates] : [])))
}

/** How many documents of those that reached it a stage lets through, that only described what is to be read. */
function leftBy(stage: TracedStage, reached: number): number {
  return Math.min(boundOf(stage) ?? Infinity, Math.max(0, reached - offsetOf(stage)))
}

function offsetOf({ stageId, parameters }: TracedStage): number {
  return stageId === 'limit' ? (numberOf(parameters['offset']) ?? 0) : 0
}

/** The most documents that a stage lets through, by its own parameters. */
function boundOf({ stageId, parameters }: TracedStage): number | null {
  if (stageId === 'limit') return numberOf(parameters['limit'])
  if (stageId === 'sample') return numberOf(parameters['count'])
  if (stageId !== 'feature_search') return null
  return groupsBound(parameters['group_by']) ?? numberOf(parameters['final_top_k'])
}

function groupsBound(groupBy: unknown): number | null {
  if (!isRecord(groupBy)) return null
  const each = groupBy['output_mode'] === 'first' ? 1 : numberOf(groupBy['max_per_group'])
  const limit = numberOf(groupBy['limit'])
  return each === null || limit === null ? null : each * limit
}

function isSearch({ stageId, parameters }: TracedStage): boolean {
  const searches = parameters['searches']
  return stageId === 'feature_search' && Array.isArray(searches) && searches.length > 0
}

function topKOf(search: unknown): unknown {
  return typeof search === 'object' && search !== null && 'top_k' in search ? search.top_k : null
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function distinct(reasons: readonly ShortReason[]): ShortReason[] {
  return [...new Map(reasons.map((each) => [`${each.reason} ${each.message}`, each])).values()]
}
