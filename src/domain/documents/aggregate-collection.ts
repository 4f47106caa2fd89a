import { Aggregation } from '../aggregate/aggregation.ts'
import type { AggregationRequest } from '../aggregate/aggregation-request.ts'
import { elementsOf, fieldValues } from '../filters/field-values.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import { tapped } from '../query-usage/tapped.ts'
import { identityOf, scanDocuments, type ReadPorts } from './read.ts'
import type { Scope } from './read-plan.ts'

/**
 * Numbers over every document that meets the filter, in one pass, exact however many there are (contract 16.3): what
 * is held is groups and collected values. Throws `request_invalid`, and `bad_request` beyond aggregateValuesMax or
 * where the engine cannot answer the filter and scanDocumentsMax would be read for it.
 */
export async function aggregateCollection(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  { request, filter }: { request: AggregationRequest; filter: Filter | null },
  signal?: AbortSignal,
) {
  const aggregation = new Aggregation(request, { valuesMax: ports.config.aggregateValuesMax })
  const scan = { filter, select: aggregation.fields, withVectors: false }
  const asked: AskedRead = {
    kind: 'aggregate',
    retrieverId: null,
    fields: request.group_by.map(({ field }) => ({ field, use: 'group' })),
  }
  return await tapped(
    ports,
    namespace,
    asked,
    { filter, scope, limit: null },
    async () => {
      for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
        for (const record of page) {
          const [payload, identity] = [record.payload ?? {}, identityOf(record, namespace)]
          aggregation.add((field) => elementsOf(fieldValues(payload, field, identity)))
        }
      }
      return aggregation.answer()
    },
    ({ results }) => ({ results: results.length, candidates: aggregation.items }),
  )
}
