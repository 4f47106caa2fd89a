import type { Ports } from '../../ports/ports.ts'
import { fail } from '../failure.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'

export type LinkPorts = Pick<Ports, 'db' | 'cache' | 'vectors' | 'config' | 'log' | 'now'>

export interface BuiltLinks {
  built: boolean
  /** One sentence: what was built, or why nothing. */
  reason: string
  durationMs: number
}

/**
 * Lets the graph of the vectors know the namespace's new payload indexes: an explicit `payload_m`, then optimize; the
 * main graph is reused (design 4). At most once a window; skipped where the planner would not use the links.
 * `lease`, where the caller holds one, is checked; optimizing can take minutes, so better call it without.
 */
export async function buildFilterLinks(
  _ports: LinkPorts,
  _namespace: Namespace,
  _lease: Pick<ExclusiveLease, 'check'> | null,
): Promise<BuiltLinks> {
  throw fail('bad_request', { reason: 'Building links is not written yet.' })
}
