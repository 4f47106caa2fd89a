import type { NamedNamespace } from '../namespace-of.ts'
import type { ServerClient } from '../reach-server.ts'
import type { DecisionAnswer } from './decision-answer.ts'

/** An index of a namespace's answer. */
export interface IndexAnswer {
  field_name: string
  type: string
  origin: string
  state: string
}

/** A field that reads used in the last 24 hours. */
interface SuggestionAnswer {
  field_name: string
  query_count_24h: number
}

/** Everything that `nacre indexes` shows; with `--json` it is printed as it is. */
export interface IndexReport {
  namespace: NamedNamespace
  auto_create_indexes: boolean
  next_auto_create_run: string | null
  payload_indexes: IndexAnswer[]
  suggestions: SuggestionAnswer[]
  /** The newest first. */
  decisions: DecisionAnswer[]
}

/** More than a namespace has hot fields; the API has pages for those who have. */
const decisionsMax = 200

export async function readReport(
  server: Pick<ServerClient, 'call'>,
  namespace: NamedNamespace,
): Promise<IndexReport> {
  const path = `/v1/namespaces/${encodeURIComponent(namespace.id)}`
  const [{ payload_indexes }, used, decisions] = await Promise.all([
    server.call<{ payload_indexes: IndexAnswer[] }>('GET', path),
    server.call<{
      auto_create_enabled: boolean
      next_auto_create_run: string | null
      suggestions: SuggestionAnswer[]
    }>('GET', `${path}/analytics/indexes/suggestions?min_count=1`),
    server.call<{ results: DecisionAnswer[] }>(
      'GET',
      `${path}/index-decisions?limit=${decisionsMax}`,
    ),
  ])
  return {
    namespace,
    auto_create_indexes: used.auto_create_enabled,
    next_auto_create_run: used.next_auto_create_run,
    payload_indexes,
    suggestions: used.suggestions,
    decisions: decisions.results,
  }
}
