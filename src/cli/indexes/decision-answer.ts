/** A decision of `GET …/index-decisions`, as far as it is shown. */
export interface DecisionAnswer {
  decision_id: string
  field_name: string
  state: string
  /** What is, or would be, built. */
  field_schema: { type: string } | null
  /** Plain sentences with the measured figures. */
  reason: string
  inputs: { rule: string; filtered_24h: number }
  blocked_until: string | null
  created_at: string
  updated_at: string
  /** The request that takes it back; null where there is nothing to take back. */
  undo: string | null
  /** Oldest first. */
  events: EventAnswer[]
}

/** A step of a decision, or an action of the drift guard. */
export interface EventAnswer {
  event_id: string
  /** Where the values stand; for fields of documents it reads like their name. */
  path: string
  kind: 'transition' | 'guard'
  from: string | null
  to: string | null
  detail: Readonly<Record<string, unknown>>
  at: string
}

/** Each field's newest, the ones that changed last first. */
export function newestOfFields(decisions: readonly DecisionAnswer[]): DecisionAnswer[] {
  const newest = new Map<string, DecisionAnswer>()
  for (const one of decisions) {
    const known = newest.get(one.field_name)
    if (!known || known.created_at < one.created_at) newest.set(one.field_name, one)
  }
  return [...newest.values()].sort((a, b) => b.updated_at.localeCompare(a.updated_at))
}
