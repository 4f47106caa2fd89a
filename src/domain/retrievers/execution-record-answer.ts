import { z } from 'zod'
import type { ExecutionRecord } from '../../store/executions.ts'
import { isRecord } from '../parse-parameters.ts'
import { rounded } from './rounded.ts'

const Json = z.record(z.string(), z.unknown())
const figures = {
  execution_id: z.string(),
  status: z.enum(['completed', 'failed']),
  duration_ms: z.number(),
  credits_used: z.int(),
  /** Documents that the first stage which read any has read. */
  total_processed: z.int(),
  total_returned: z.int(),
  error: z.string().nullable(),
  stages_completed: z.int(),
  total_stages: z.int(),
}

/** Contract 17.2; what was found is not kept. */
export const ExecutionSummary = z.object({
  ...figures,
  created_at: z.string(),
  completed_at: z.string(),
})

export const AdhocSummary = z.object({
  ...figures,
  execution_mode: z.literal('adhoc'),
  timestamp: z.string(),
})

/** Contract's ExecutionDetail, as far as it is remembered: an execution is recorded by what it did. */
export const ExecutionDetail = ExecutionSummary.extend({
  documents: z.null(),
  pagination: z.null(),
  stage_statistics: z.object({
    stages: z.record(z.string(), Json),
    total_time_ms: z.number(),
    credits_used: z.int(),
  }),
  budget: Json,
})

export const AdhocDetail = AdhocSummary.extend({
  stage_statistics: ExecutionDetail.shape.stage_statistics,
})

export function executionSummary(record: ExecutionRecord): z.infer<typeof ExecutionSummary> {
  const { createdAt, durationMs } = record
  return {
    ...figuresOf(record),
    created_at: createdAt.toISOString(),
    completed_at: new Date(createdAt.getTime() + durationMs).toISOString(),
  }
}

export function adhocSummary(record: ExecutionRecord): z.infer<typeof AdhocSummary> {
  return {
    ...figuresOf(record),
    execution_mode: 'adhoc',
    timestamp: record.createdAt.toISOString(),
  }
}

export function executionDetail(record: ExecutionRecord): z.infer<typeof ExecutionDetail> {
  const time_used_ms = rounded(record.durationMs)
  return {
    ...executionSummary(record),
    documents: null,
    pagination: null,
    stage_statistics: statisticsOf(record),
    budget: { credits_used: 0, credits_remaining: null, time_used_ms },
  }
}

export function adhocDetail(record: ExecutionRecord): z.infer<typeof AdhocDetail> {
  return { ...adhocSummary(record), stage_statistics: statisticsOf(record) }
}

function figuresOf(record: ExecutionRecord) {
  const stages = stagesOf(record)
  const { error, stages_total: total } = record.detail
  const counts = Object.values(stages).map(({ input_count: input, output_count: output }) =>
    Math.max(Number(input) || 0, Number(output) || 0),
  )
  return {
    execution_id: record.id,
    status: record.status,
    duration_ms: rounded(record.durationMs),
    credits_used: 0,
    total_processed: counts.find((count) => count > 0) ?? 0,
    total_returned: record.totalReturned,
    error: typeof error === 'string' ? error : null,
    stages_completed: counts.length,
    // Records of before this version do not have it.
    total_stages: typeof total === 'number' ? total : counts.length,
  }
}

function statisticsOf(record: ExecutionRecord) {
  const total_time_ms = rounded(record.durationMs)
  return { stages: stagesOf(record), total_time_ms, credits_used: 0 }
}

function stagesOf({ detail }: ExecutionRecord): Record<string, Record<string, unknown>> {
  const { stages } = detail
  if (!isRecord(stages)) return {}
  return Object.fromEntries(
    Object.entries(stages).flatMap(([name, one]) => (isRecord(one) ? [[name, one]] : [])),
  )
}
