import { z } from 'zod'

/** Closed and lower-case on the wire; accepted in any case (contract 11). */
export const fieldTypes = [
  'string',
  'number',
  'integer',
  'float',
  'boolean',
  'object',
  'array',
  'date',
  'datetime',
  'text',
  'image',
  'audio',
  'video',
  'pdf',
  'excel',
] as const
export type FieldType = (typeof fieldTypes)[number]
export const fileTypes: readonly FieldType[] = ['text', 'image', 'audio', 'video', 'pdf', 'excel']

export interface BucketField {
  type: FieldType
  required?: boolean
  default?: unknown
  description?: string | null
  enum?: unknown[] | null
  items?: unknown
  properties?: unknown
  examples?: unknown[] | null
  [extra: string]: unknown
}

export const UniqueKey = z.object({
  fields: z.array(z.string().min(1)).min(1),
  default_policy: z.enum(['insert', 'update', 'upsert']).nullish(),
})
export type UniqueKey = z.infer<typeof UniqueKey>

export interface Bucket {
  id: string
  namespaceId: string
  name: string
  description: string | null
  fields: Record<string, BucketField>
  uniqueKey: UniqueKey | null
  metadata: Record<string, unknown>
  state: 'active' | 'deleting'
  createdAt: Date
  updatedAt: Date
}
