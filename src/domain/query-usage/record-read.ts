import type { Ports } from '../../ports/ports.ts'
import type { Scope } from '../documents/read-plan.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from './asked-read.ts'
import { countWaiting } from './count-waiting.ts'
import { scheduleFlush } from './flush-usage.ts'
import { usageMemory, type UsageMemory } from './usage-memory.ts'

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

/** How long a read waits to be counted together with others, and how many do. */
const waitMs = 50
const waitingMax = 256

/**
 * Remembers a read of a client (design 4: the tap): its shape, its fields, how long it took. Nothing waits for it, no
 * SQL is run, and it never throws: a read is worth more than its record. Counted a moment later, so that the answer
 * leaves first.
 */
export function recordRead(ports: UsagePorts, namespace: Namespace, read: AnsweredRead): void {
  if (read.filter === null && read.asked.fields === undefined) return
  const { config, log } = ports
  const memory = usageMemory(ports.db, config)
  memory.waiting.push({ namespace, read, at: ports.now().getTime(), config, log })
  if (memory.waiting.length >= waitingMax) countNow(ports, memory)
  else memory.countTimer ??= setTimeout(() => countNow(ports, memory), waitMs).unref()
}

function countNow(ports: UsagePorts, memory: UsageMemory): void {
  if (memory.countTimer) clearTimeout(memory.countTimer)
  memory.countTimer = null
  countWaiting(memory)
  scheduleFlush(ports, memory)
}
