import { z } from 'zod'
import { indexTypes, type PayloadIndex } from './payload-index.ts'

/** Contract 8.1, and what we add: where it comes from, how far it is, and why it is not further. */
export const PayloadIndexAnswer = z.looseObject({
  field_name: z.string(),
  type: z.enum(indexTypes),
  field_schema: z.looseObject({ type: z.enum(indexTypes) }),
  is_protected: z.boolean(),
  origin: z.enum(['user', 'system', 'plugin', 'auto']),
  state: z.enum(['pending', 'building', 'active', 'failed', 'dropping', 'virtual']),
  error: z.string().optional(),
  /** Only in the answer to a change: the index covers none of the values that documents have. */
  note: z.string().optional(),
})

/** An index as answers show it, under the name that the client gave it. */
export function payloadIndexAnswer(index: PayloadIndex): z.infer<typeof PayloadIndexAnswer> {
  return {
    field_name: index.fieldName,
    type: index.schema.type,
    field_schema: { ...index.schema },
    is_protected: index.isProtected,
    origin: index.origin,
    state: index.state,
    ...(index.error !== null && { error: index.error }),
  }
}
