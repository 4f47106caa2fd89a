import { z } from 'zod'
import { planVectors } from './plan-vectors.ts'
import { reconfigurationStates, type Reconfiguration } from './reconfiguration.ts'

/** One reconfigure as its namespace's list shows it. */
export const ReconfigurationAnswer = z.object({
  reconfiguration_id: z.string(),
  strategy: z.enum(['recreate', 'online']),
  reprocess: z.boolean(),
  state: z.enum(reconfigurationStates),
  vectors_added: z.array(z.string()),
  vectors_changed: z.array(z.string()),
  vectors_removed: z.array(z.string()),
  previous_points_count: z.int(),
  progress: z.object({
    documents: z.int().nullable(),
    copied: z.int(),
    filled: z.int(),
    failed: z.int(),
    reasons: z.array(z.string()),
  }),
  task_id: z.string().nullable(),
  error: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  switched_at: z.string().nullable(),
  undo_until: z.string().nullable(),
})
export type ReconfigurationAnswer = z.infer<typeof ReconfigurationAnswer>

export function reconfigurationAnswer(one: Reconfiguration): ReconfigurationAnswer {
  const plan = planVectors(one.vectorsBefore, one.vectorsAfter)
  const { documents = null, copied = 0, filled = 0, failed = 0, reasons = [] } = one.progress
  return {
    reconfiguration_id: one.id,
    strategy: one.strategy,
    reprocess: one.isReprocess,
    state: one.state,
    vectors_added: plan.added,
    vectors_changed: plan.changed,
    vectors_removed: plan.orphaned,
    previous_points_count: one.previousPoints,
    progress: { documents, copied, filled, failed, reasons },
    task_id: one.taskId,
    error: one.error,
    created_at: one.createdAt.toISOString(),
    updated_at: one.updatedAt.toISOString(),
    switched_at: one.switchedAt?.toISOString() ?? null,
    undo_until: one.state === 'retained' ? (one.retainedUntil?.toISOString() ?? null) : null,
  }
}
