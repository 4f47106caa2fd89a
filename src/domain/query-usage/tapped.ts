import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from './asked-read.ts'
import { recordRead, type AnsweredRead } from './record-read.ts'

/** Where reads are done on an engine alone, nothing is there to remember them with. */
export type TapPorts = Pick<Ports, 'config' | 'log'> & Partial<Pick<Ports, 'db' | 'queue' | 'now'>>

type ReadToTap = Pick<AnsweredRead, 'filter' | 'scope' | 'limit'>

/**
 * Does the read, and records it with how long it took where a client asked for it; one that fails is not recorded.
 * `outcome` says how many documents came back, and how many were looked at for it (null: only the engine knows).
 */
export async function tapped<T>(
  ports: TapPorts,
  namespace: Namespace,
  asked: AskedRead | undefined,
  read: ReadToTap,
  work: () => Promise<T>,
  outcome: (answer: T) => { results: number; candidates: number | null },
): Promise<T> {
  if (asked === undefined) return await work()
  const startedAt = performance.now()
  const answer = await work()
  const durationMs = performance.now() - startedAt
  const { filter, scope, limit } = read
  const using = null
  const answered = { asked, filter, scope, limit, using, durationMs, ...outcome(answer) }
  tap(ports, namespace, answered)
  return answer
}

/** Records a read, as `recordRead`, where there is something to do it with. */
export function tap(ports: TapPorts, namespace: Namespace, read: AnsweredRead): void {
  const { db, queue, now, config, log } = ports
  if (db && queue && now) recordRead({ db, queue, now, config, log }, namespace, read)
}
