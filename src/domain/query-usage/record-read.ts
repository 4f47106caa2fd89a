import type { Ports } from '../../ports/ports.ts'
import type { Scope } from '../documents/read-plan.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from './asked-read.ts'

/** What remembering a read takes. */
export type UsagePorts = Pick<Ports, 'db' | 'queue' | 'config' | 'log' | 'now'>

/** One read that the gate has answered. */
export interface AnsweredRead {
  asked: AskedRead
  filter: Filter | null
  scope: Scope
  /** Storage vector name of a search. */
  using: string | null
  limit: number | null
  durationMs: number
  results: number
  /** Documents that were looked at one by one; null where only the engine knows. */
  candidates: number | null
}

/**
 * Remembers a read of a client (design 4: the tap): its shape, its fields, how long it took. Nothing waits for it, no
 * SQL is run, and it never throws: a read is worth more than its record.
 */
export function recordRead(_ports: UsagePorts, _namespace: Namespace, _read: AnsweredRead): void {}
