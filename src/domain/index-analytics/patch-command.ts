import { sameSchema, defaultSchema } from '../payload-indexes/index-schema.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { IndexType, PayloadIndex } from '../payload-indexes/payload-index.ts'

/**
 * The request that would make the index, whole: `payload_indexes` replaces what its user declared (contract 7.4), so
 * that the custom ones that are there stand in it as well, and sending it as it is drops none.
 */
export function patchCommand(
  { id, payloadIndexes }: Pick<Namespace, 'id' | 'payloadIndexes'>,
  fieldName: string,
  type: IndexType,
): string {
  const kept = payloadIndexes
    .filter(({ origin, state }) => origin === 'user' && state !== 'dropping')
    .map(entryOf)
  const body = { payload_indexes: [...kept, { field_name: fieldName, type }] }
  return `PATCH /v1/namespaces/${id} ${JSON.stringify(body)}`
}

/** What turns on what makes indexes by itself: for fields that the system alone may index. */
export function autoCommand({ id }: Pick<Namespace, 'id'>): string {
  return `PATCH /v1/namespaces/${id} ${JSON.stringify({ auto_create_indexes: true })}`
}

function entryOf({ fieldName, schema }: PayloadIndex): object {
  const { type } = schema
  const isPlain = sameSchema(schema, defaultSchema(type))
  return { field_name: fieldName, type, ...(!isPlain && { field_schema: schema }) }
}
