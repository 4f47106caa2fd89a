import type { FieldUsage } from '../../store/query-usage.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { Census } from '../payload-facts/census.ts'
import type { Gain } from './compare-gain.ts'
import type { Measurement } from './measurement.ts'

/** Where a decision about one field stands; what leads from one state to another is `transitions.ts`, whole. */
export const decisionStates = [
  'observed',
  'candidate',
  'censused',
  'building',
  'verifying',
  'active',
  'retiring',
  'dropped',
  'declined',
  'reverted',
  'failed',
  'undone',
  'taken_over',
] as const
export type DecisionState = (typeof decisionStates)[number]

/** A field has at most one decision in one of these: the database's own index says so. */
export const openStates = [
  'observed',
  'candidate',
  'censused',
  'building',
  'verifying',
  'active',
  'retiring',
] as const satisfies readonly DecisionState[]

/** What a dead process may have left: the next check brings each of them to an end. */
export const unsettledStates = [
  'observed',
  'candidate',
  'censused',
  'building',
  'verifying',
  'retiring',
] as const satisfies readonly DecisionState[]

/** What becomes of a decision when its index is gone from the engine. */
export const endings = ['dropped', 'reverted', 'undone'] as const satisfies DecisionState[]
export type Ending = (typeof endings)[number]

/** Why a field was looked at: the documented count, or few filters that cost much. */
export type AdviceRule = 'frequency' | 'cost'

/** One decision about one field of a namespace, "no" included, kept as a row from its beginning to its end. */
export interface IndexDecision {
  /** `dec_…`. */
  id: string
  namespaceId: string
  /** As a client wrote it last. */
  fieldName: string
  /** The payload path in the engine. */
  path: string
  state: DecisionState
  /** Grows with each process that takes it over: an older one's effects are refused. */
  fence: number
  /** What is, or would be, built; null while that is not known, and where nothing would keep the answers. */
  schema: PayloadFieldSchema | null
  /** One plain sentence with the measured figures. */
  reason: string
  inputs: DecisionInputs
  census: Census | null
  before: Measurement | null
  after: MeasurementAfter | null
  parity: Parity | null
  /** Only while `retiring`: where it goes from there. */
  ending: Ending | null
  /** `auto`, or the id of the key of whoever ended it. */
  actor: string
  /** Which decision about the field this is, from 1, while the ones before it are remembered. */
  attempts: number
  /** How often a process began its work anew, after a death or a failure. */
  restarts: number
  /** Until when the field is not looked at again. */
  blockedUntil: Date | null
  createdAt: Date
  updatedAt: Date
  activeAt: Date | null
}

/** What led to it, as it was then. */
export interface DecisionInputs {
  rule: AdviceRule
  filtered24h: number
  /** The settings that were applied, by their names in config.ts. */
  thresholds: Record<string, number>
  usage: Partial<FieldUsage>
}

/** The same queries with the index, and what comparing them said: that takes too long to be done for each who asks. */
export interface MeasurementAfter extends Measurement {
  gain?: Gain
}

/** What became of the answers of sampled real queries. */
export interface Parity {
  queries: number
  differences: number
  /** Where the queries come from, or why there were none. */
  sampled: string
}

/** One line of the ledger: a step of a decision, or an action of the drift guard. */
export interface IndexEvent {
  id: string
  namespaceId: string
  path: string
  decisionId: string | null
  kind: 'transition' | 'guard'
  from: DecisionState | null
  to: DecisionState | null
  detail: Record<string, unknown>
  at: Date
}
