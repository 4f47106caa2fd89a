import { z } from 'zod'
import type { Namespace } from '../namespaces/namespace.ts'
import { planVectors } from './plan-vectors.ts'
import type { Undone } from './undo-reconfigure.ts'

/** Ours (design 4): what is there again. */
export const UndoAnswer = z.object({
  namespace_id: z.string(),
  status: z.literal('undone'),
  reconfiguration_id: z.string(),
  points_count: z.int(),
  vectors_total: z.array(z.string()),
  /** What the earlier schema does not have. */
  vectors_removed: z.array(z.string()),
  discarded_writes: z.int(),
  message: z.string(),
})
export type UndoAnswer = z.infer<typeof UndoAnswer>

export function undoAnswer({ id }: Pick<Namespace, 'id'>, undone: Undone): UndoAnswer {
  const { reconfiguration, points, discarded } = undone
  const { vectorsBefore, vectorsAfter } = reconfiguration
  const lost = discarded > 0 ? ` ${discarded} documents written since were discarded.` : ''
  return {
    namespace_id: id,
    status: 'undone',
    reconfiguration_id: reconfiguration.id,
    points_count: points,
    vectors_total: Object.keys(vectorsBefore),
    vectors_removed: planVectors(vectorsBefore, vectorsAfter).added,
    discarded_writes: discarded,
    message: `Reconfigure ${reconfiguration.id} was undone: the earlier generation answers again, with ${points} points.${lost}`,
  }
}
