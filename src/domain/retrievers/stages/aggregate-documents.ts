import type { AggregateFunction } from '../../aggregate/accumulators.ts'
import { GroupTotals, type AggregateLimits } from '../../aggregate/group-totals.ts'
import type { DocumentRecord } from '../../documents/document.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import { valuesOf } from './document-values.ts'

export interface Metric {
  function: AggregateFunction
  /** Null: of count alone. */
  field: string | null
  alias: string
}

export interface GroupKey {
  field: string
  alias: string
}

/** The totals of documents as a stage sees them, with the score that a search gave them among their fields. */
export class DocumentAggregate extends GroupTotals<DocumentRecord> {
  constructor(
    keys: readonly GroupKey[],
    metrics: readonly Metric[],
    namespace: Pick<Namespace, 'id'>,
    limits: AggregateLimits,
  ) {
    const read = (field: string | null) => (document: DocumentRecord) =>
      field === null ? [1] : valuesOf(document, field, namespace)
    super(
      keys.map(({ field, alias }) => ({ alias, values: read(field) })),
      metrics.map((metric) => ({ ...metric, values: read(metric.field) })),
      limits,
    )
  }
}
