import type { Scope } from '../documents/read-plan.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from './asked-read.ts'
import { tap, type TapPorts } from './tapped.ts'

interface Searches {
  searches: readonly { using: string; filter: Filter | null; limit: number }[]
  /** Holds for every search. */
  filter: Filter | null
  limit: number
}

/**
 * Records one request by nearness: once, by its first vector, and once more for each search with a filter of its own,
 * since the engine applies each.
 */
export function recordSearches(
  ports: TapPorts,
  namespace: Namespace,
  scope: Scope,
  request: Searches,
  asked: AskedRead,
  { durationMs, found }: { durationMs: number; found: number },
): void {
  for (const [i, { using, filter: own, limit }] of request.searches.entries()) {
    if (i > 0 && own === null) continue
    const filter = request.filter && own ? bothOf(request.filter, own) : (own ?? request.filter)
    const most = request.searches.length === 1 ? request.limit : limit
    tap(ports, namespace, {
      asked,
      filter,
      scope,
      using,
      limit: most,
      durationMs,
      results: found,
      candidates: null,
    })
  }
}

function bothOf(a: Filter, b: Filter): Filter {
  return { kind: 'and', filters: [a, b] }
}
