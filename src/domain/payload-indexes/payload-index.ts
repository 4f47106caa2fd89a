import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'

export const indexTypes = [
  'keyword',
  'integer',
  'float',
  'bool',
  'geo',
  'datetime',
  'text',
  'uuid',
] as const
export type IndexType = (typeof indexTypes)[number]

/** Who made it: only `auto` ones are ever touched by the advisor, only `user` ones by PATCH. */
export type IndexOrigin = 'user' | 'system' | 'plugin' | 'auto'

/** `virtual`: listed, not built (design 7: the system indexes cost more than they give until used). */
export type IndexState = 'pending' | 'building' | 'active' | 'failed' | 'dropping' | 'virtual'

export interface PayloadIndex {
  /** As the client named it. */
  fieldName: string
  /** The payload path in the engine, e.g. `_internal.collection_id`. */
  path: string
  schema: PayloadFieldSchema
  origin: IndexOrigin
  isProtected: boolean
  state: IndexState
  error: string | null
}

/** One custom entry of `payload_indexes`, parsed. */
export type DeclaredIndex = Pick<PayloadIndex, 'fieldName' | 'path' | 'schema'>

/** The declaration that a change under way replaces; `absent` where the index is new, `virtual` where it was only listed. */
export type IndexBefore =
  | { kind: 'absent' }
  | { kind: 'virtual' }
  | {
      kind: 'declared'
      fieldName: string
      schema: PayloadFieldSchema
      origin: IndexOrigin
      isProtected: boolean
    }
