import { z } from 'zod'
import { decisionStates, type IndexDecision, type IndexEvent } from '../index-advisor/decision.ts'
import { indexTypes } from '../payload-indexes/payload-index.ts'
import type { EventIds } from './event-ids.ts'
import { masked, maskedDetail } from './mask-values.ts'
import { TimeAnswer } from './time-answer.ts'

const MeasurementAnswer = z
  .object({
    documents: z.int(),
    rounds: z.int(),
    taken_at: z.string(),
    /** Latencies of recorded queries of each shape, in milliseconds. */
    shapes: z.array(
      z.object({
        shape: z.string(),
        weight: z.number(),
        samples: z.int(),
        p50_ms: z.number(),
        p95_ms: z.number(),
        quartiles_ms: z.array(z.number()),
      }),
    ),
  })
  .meta({ id: 'IndexMeasurement' })

/** Compared with the measurement before: shares of time saved, 1 being all of it. */
const GainAnswer = z.object({
  share: z.number(),
  /** 95 %; null where too little was measured to tell. */
  interval: z.array(z.number()).nullable(),
  verdict: z.enum(['keep', 'no_gain', 'regression']),
  sentence: z.string(),
})

const CensusAnswer = z.object({
  documents: z.int(),
  with_value: z.int(),
  lists: z.int(),
  kinds: z.record(z.string(), z.object({ documents: z.int(), examples: z.array(z.string()) })),
  distinct_values: z.int().nullable(),
  value_bytes: z.number(),
  /** Documents whose value the index cannot hold; we answer for them. */
  exceptions: z.int(),
  is_overflown: z.boolean(),
  taken_at: z.string(),
  duration_ms: z.number(),
})

/** A step of a decision, or an action of the drift guard. */
export const IndexEventAnswer = z
  .object({
    event_id: z.string(),
    decision_id: z.string().nullable(),
    path: z.string(),
    kind: z.enum(['transition', 'guard']),
    from: z.enum(decisionStates).nullable(),
    to: z.enum(decisionStates).nullable(),
    detail: z.record(z.string(), z.unknown()),
    at: TimeAnswer,
  })
  .meta({ id: 'IndexEvent' })

/** One decision about an index, "no" included, with everything it was based on. */
export const IndexDecisionAnswer = z
  .object({
    decision_id: z.string(),
    namespace_id: z.string(),
    field_name: z.string(),
    path: z.string(),
    state: z.enum(decisionStates),
    field_schema: z.looseObject({ type: z.enum(indexTypes) }).nullable(),
    reason: z.string(),
    inputs: z.object({
      rule: z.string(),
      filtered_24h: z.number(),
      thresholds: z.record(z.string(), z.number()),
      usage: z.record(z.string(), z.unknown()),
    }),
    census: CensusAnswer.nullable(),
    before: MeasurementAnswer.nullable(),
    after: MeasurementAnswer.nullable(),
    gain: GainAnswer.nullable(),
    parity: z.object({ queries: z.int(), differences: z.int(), sampled: z.string() }).nullable(),
    actor: z.string(),
    attempts: z.int(),
    blocked_until: TimeAnswer.nullable(),
    created_at: TimeAnswer,
    updated_at: TimeAnswer,
    active_at: TimeAnswer.nullable(),
    /** The request that takes it back; null where there is nothing to take back. */
    undo: z.string().nullable(),
    events: z.array(IndexEventAnswer),
  })
  .meta({ id: 'IndexDecision' })
export type IndexDecisionAnswer = z.infer<typeof IndexDecisionAnswer>

/** Who reads: without admin permission values of documents are masked. */
export interface Reader {
  seesValues: boolean
  /** Of the namespace that is read. */
  events: EventIds
}

export function decisionAnswer(
  decision: IndexDecision,
  events: readonly IndexEvent[],
  reader: Reader,
): IndexDecisionAnswer {
  const at = `/v1/namespaces/${decision.namespaceId}/index-decisions/${decision.id}`
  return {
    decision_id: decision.id,
    namespace_id: decision.namespaceId,
    field_name: decision.fieldName,
    path: decision.path,
    state: decision.state,
    field_schema: decision.schema && { ...decision.schema },
    reason: decision.reason,
    inputs: inputsAnswer(decision),
    census: decision.census && censusAnswer(decision.census, reader),
    before: decision.before && measurementAnswer(decision.before),
    after: decision.after && measurementAnswer(decision.after),
    gain: decision.after?.gain ? gainAnswer(decision.after.gain) : null,
    parity: decision.parity && { ...decision.parity },
    actor: decision.actor,
    attempts: decision.attempts,
    blocked_until: decision.blockedUntil?.toISOString() ?? null,
    created_at: decision.createdAt.toISOString(),
    updated_at: decision.updatedAt.toISOString(),
    active_at: decision.activeAt?.toISOString() ?? null,
    undo: decision.state === 'active' ? `POST ${at}/undo` : null,
    events: events.map((event) => eventAnswer(event, reader)),
  }
}

export function eventAnswer(
  event: IndexEvent,
  { seesValues, events }: Reader,
): z.infer<typeof IndexEventAnswer> {
  return {
    event_id: events.idOf(event.id),
    decision_id: event.decisionId,
    path: event.path,
    kind: event.kind,
    from: event.from,
    to: event.to,
    detail: seesValues ? event.detail : maskedDetail(event.detail),
    at: event.at.toISOString(),
  }
}

function inputsAnswer({ inputs }: IndexDecision): IndexDecisionAnswer['inputs'] {
  const { count, count24h, count7d, uniqueQueries, operators, kinds, uses, totalMs, maxMs } =
    inputs.usage
  return {
    rule: inputs.rule,
    filtered_24h: inputs.filtered24h,
    thresholds: inputs.thresholds,
    usage: {
      count,
      count_24h: count24h,
      count_7d: count7d,
      unique_queries: uniqueQueries,
      operators,
      kinds,
      uses,
      total_ms: totalMs,
      max_ms: maxMs,
    },
  }
}

function censusAnswer(
  census: NonNullable<IndexDecision['census']>,
  { seesValues }: Reader,
): NonNullable<IndexDecisionAnswer['census']> {
  const kinds = Object.entries(census.kinds).map(([kind, { documents, examples }]) => [
    kind,
    { documents, examples: seesValues ? examples : examples.map(() => masked) },
  ])
  return {
    documents: census.documents,
    with_value: census.withValue,
    lists: census.lists,
    kinds: Object.fromEntries(kinds),
    distinct_values: census.distinct,
    value_bytes: census.valueBytes,
    exceptions: census.exceptions.length,
    is_overflown: census.isOverflown,
    taken_at: census.takenAt,
    duration_ms: census.durationMs,
  }
}

function measurementAnswer({
  documents,
  rounds,
  takenAt,
  shapes,
}: NonNullable<IndexDecision['before']>): NonNullable<IndexDecisionAnswer['before']> {
  return {
    documents,
    rounds,
    taken_at: takenAt,
    shapes: shapes.map(({ shape, weight, samples, p50Ms, p95Ms, spreadMs }) => ({
      shape,
      weight,
      samples,
      p50_ms: p50Ms,
      p95_ms: p95Ms,
      quartiles_ms: [...spreadMs],
    })),
  }
}

function gainAnswer({
  gain,
  interval,
  verdict,
  sentence,
}: NonNullable<NonNullable<IndexDecision['after']>['gain']>): z.infer<typeof GainAnswer> {
  // An end that could not be told was stored as null.
  const isTold = interval.every(Number.isFinite)
  return { share: gain, interval: isTold ? [...interval] : null, verdict, sentence }
}
