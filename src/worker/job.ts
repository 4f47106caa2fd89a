import type { z } from 'zod'
import type { Ports } from '../ports/ports.ts'

/** A job is a route without a caller: same parse, same ports, same failures. */
export interface Job<P extends z.ZodType = z.ZodType> {
  /** `batch.process`: noun, dot, verb. */
  name: string
  payload: P
  /** Attempts in all before it is given up; a job whose worker died is taken over without counting one. */
  attempts: number
  /** Its jobs are added with a namespace, whose `max_concurrent_jobs` they count against. */
  byNamespace?: true
  run(ports: Ports, payload: z.infer<P>, signal: AbortSignal): Promise<void>
}

/** Types `run` by its payload's schema. */
export function job<P extends z.ZodType>(definition: Job<P>): Job<P> {
  return definition
}
