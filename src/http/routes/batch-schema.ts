import { z } from 'zod'
import { taskStatuses } from '../../domain/tasks/task.ts'

/** Rows of the ledger: accepted = written + failed + skipped + pending at any time. */
const rowsSchema = z.object({
  accepted: z.int(),
  written: z.int(),
  failed: z.int(),
  skipped: z.int(),
  pending: z.int(),
  documents: z.int(),
  percent: z.int(),
})
/** Rows that ended alike, with why and how many they are. */
const reasonSchema = z.looseObject({
  error_type: z.string().optional(),
  message: z.string(),
  affected_count: z.int(),
})
const tierSchema = z.looseObject({
  tier_num: z.int(),
  source_type: z.string(),
  progress: rowsSchema,
  errors: z.array(reasonSchema),
  skips: z.array(reasonSchema),
})

/** A batch (contract 14, BatchModel). */
export const batchSchema = z.looseObject({
  batch_id: z.string(),
  bucket_id: z.string(),
  status: z.enum(taskStatuses),
  object_ids: z.array(z.string()),
  collection_ids: z.array(z.string()).nullable(),
  error: z.string().nullable(),
  type: z.enum(['BUCKET', 'COLLECTION']),
  task_id: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  progress: rowsSchema,
  tier_tasks: z.array(tierSchema),
  current_tier: z.int(),
  total_tiers: z.int(),
  dag_tiers: z.array(z.array(z.string())),
  created_at: z.string(),
  updated_at: z.string(),
})
