import type { Generated } from 'kysely'
import type {
  DecisionInputs,
  DecisionState,
  Ending,
  IndexEvent,
  MeasurementAfter,
  Parity,
} from '../domain/index-advisor/decision.ts'
import type { Census } from '../domain/payload-facts/census.ts'
import type { Measurement } from '../domain/index-advisor/measurement.ts'
import type { PayloadFieldSchema } from '../ports/vector-engine.ts'
import type { Json, Obj, Time } from './column-types.ts'

export interface IndexDecisionTable {
  id: string
  namespace_id: string
  field_name: string
  path: string
  state: DecisionState
  fence: Generated<number>
  schema: Json<PayloadFieldSchema | null> | null
  reason: string
  inputs: Json<DecisionInputs>
  census: Json<Census | null> | null
  before: Json<Measurement | null> | null
  after: Json<MeasurementAfter | null> | null
  parity: Json<Parity | null> | null
  ending: Ending | null
  actor: string
  attempts: number
  restarts: Generated<number>
  blocked_until: Time | null
  created_at: Time
  updated_at: Time
  active_at: Time | null
}

export interface IndexEventTable {
  id: Generated<string>
  namespace_id: string
  path: string
  decision_id: string | null
  kind: IndexEvent['kind']
  from_state: DecisionState | null
  to_state: DecisionState | null
  detail: Obj
  created_at: Time
}

/** When a namespace's advisor ran, and when it runs again by itself. */
export interface IndexCheckTable {
  namespace_id: string
  last_run_at: Time | null
  next_run_at: Time | null
}
