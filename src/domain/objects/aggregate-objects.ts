import type { Ports } from '../../ports/ports.ts'
import { asPayload } from '../../store/listing.ts'
import { readObjectIdsAfter, readObjects } from '../../store/objects.ts'
import { Aggregation } from '../aggregate/aggregation.ts'
import type { AggregationRequest } from '../aggregate/aggregation-request.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { filterTest } from '../filters/evaluate-filter.ts'
import { elementsOf, fieldValues } from '../filters/field-values.ts'
import type { Filter } from '../filters/filter.ts'
import { objectAnswer } from './object-answer.ts'
import type { StoredObject } from './object.ts'

/** Rows read at a time. */
const pageSize = 500

/**
 * Numbers over every object of a bucket that meets the filter, in one pass in the order of ids, exact however many
 * there are (contract 12, 16.3). Throws `request_invalid`, and `bad_request` beyond aggregateValuesMax.
 */
export async function aggregateObjects(
  ports: Pick<Ports, 'db' | 'config'>,
  bucket: Bucket,
  { request, filter }: { request: AggregationRequest; filter: Filter | null },
  signal?: AbortSignal,
) {
  const aggregation = new Aggregation(request, { valuesMax: ports.config.aggregateValuesMax })
  const holds = filter === null ? () => true : filterTest(filter)
  for await (const object of objectsOf(ports, bucket, signal)) {
    const payload = asPayload(objectAnswer(object))
    if (holds(payload)) aggregation.add((field) => elementsOf(fieldValues(payload, field)))
  }
  return aggregation.answer()
}

async function* objectsOf(
  { db }: Pick<Ports, 'db'>,
  { id, namespaceId }: Bucket,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredObject, void, undefined> {
  let after: string | null = null
  do {
    signal?.throwIfAborted()
    const ids: string[] = await readObjectIdsAfter(db, [id], after, pageSize)
    yield* await readObjects(db, namespaceId, id, ids)
    after = ids.length < pageSize ? null : (ids.at(-1) ?? null)
  } while (after !== null)
}
