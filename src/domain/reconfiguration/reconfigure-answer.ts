import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { ReconfigurePlan } from './plan-reconfigure.ts'
import type { Reconfigured } from './reconfigure.ts'

const names = z.array(z.string())

const PlanAnswer = z.object({
  strategy: z.enum(['recreate', 'online']),
  vectors: z.object({ kept: names, added: names, changed: names, orphaned: names }),
  points_deleted: z.int(),
  points_copied: z.int(),
  /** Documents that could neither be carried over nor made again; more than none is a 409. */
  points_refused: z.int(),
  disk_bytes: z.int(),
  /** What a reconfigure would be refused for now. */
  obstacles: names,
})

/** The seed page's seven fields, always; then ours. */
export const ReconfigureAnswer = z.object({
  namespace_id: z.string(),
  status: z.enum(['reconfigured', 'no_changes_needed']),
  previous_points_count: z.int(),
  vectors_added: names,
  vectors_total: names,
  collections_to_reprocess: names,
  message: z.string(),
  dry_run: z.boolean(),
  plan: PlanAnswer,
  reconfiguration_id: z.string().nullable(),
  /** Until when `POST …/reconfigure/undo` brings the earlier generation back. */
  undo_until: z.string().nullable(),
  tasks: names.optional(),
})
export type ReconfigureAnswer = z.infer<typeof ReconfigureAnswer>

export function reconfigureAnswer(
  { config }: Pick<Ports, 'config'>,
  namespace: Pick<Namespace, 'id'>,
  result: Reconfigured,
): ReconfigureAnswer {
  const { plan, isChanged, isDryRun, reconfiguration, taskIds } = result
  const { rebound: _, ...vectors } = plan.vectors
  return {
    namespace_id: namespace.id,
    status: isChanged ? 'reconfigured' : 'no_changes_needed',
    previous_points_count: plan.points,
    vectors_added: isChanged ? plan.vectors.added : [],
    vectors_total: isChanged ? Object.keys(plan.after) : plan.present,
    collections_to_reprocess: isChanged && !plan.isReprocess ? plan.collections : [],
    message: messageOf(result, config.reconfigureRetentionMs),
    dry_run: isDryRun,
    plan: {
      strategy: plan.strategy,
      vectors,
      points_deleted: isChanged ? plan.pointsDeleted : 0,
      points_copied: isChanged ? plan.pointsCopied : 0,
      points_refused: plan.pointsRefused,
      disk_bytes: isChanged ? plan.diskBytes : 0,
      obstacles: result.obstacles,
    },
    reconfiguration_id: reconfiguration?.id ?? null,
    undo_until: reconfiguration?.retainedUntil?.toISOString() ?? null,
    ...(isChanged && plan.isReprocess && { tasks: taskIds }),
  }
}

function messageOf(result: Reconfigured, retentionMs: number): string {
  const { plan, isChanged, isDryRun } = result
  if (!isChanged) return nothingNeeded(plan)
  const said = whatHappens(plan)
  if (isDryRun) return `Dry run, nothing was changed. This is what would be answered: ${said}`
  if (plan.strategy === 'online' || plan.isReprocess) return said
  const until = result.reconfiguration?.retainedUntil?.toISOString()
  return retentionMs > 0 && until !== undefined
    ? `${said} The earlier generation is kept until ${until}; POST …/plugins/reconfigure/undo brings it back.`
    : `${said} No earlier generation is kept (RECONFIGURE_RETENTION is 0).`
}

function whatHappens(plan: ReconfigurePlan): string {
  const isFilled = plan.strategy === 'recreate' && plan.isReprocess
  if (isFilled) return fillingMessage(plan)
  const told = plan.strategy === 'online' ? addedMessage(plan) : recreatedMessage(plan)
  return [told, retriggerMessage(plan)].filter((part) => part !== '').join(' ')
}

function fillingMessage({ points, vectors: { added, changed } }: ReconfigurePlan): string {
  const parts = [
    `A new generation of the Qdrant collection with ${added.length} new vector(s) is being filled from the originals; 0 of ${points} points were deleted.`,
    'Searches and writes go on, and it takes the place of the present one as soon as every document is in it: the task tells when.',
  ]
  if (changed.length > 0)
    parts.push(`${changed.length} vector(s) get a new definition: ${changed.join(', ')}.`)
  return parts.join(' ')
}

/** The page's own words, where they hold. */
function recreatedMessage(plan: ReconfigurePlan): string {
  const { added, changed, orphaned } = plan.vectors
  const parts = [
    `Qdrant collection reconfigured with ${added.length} new vector(s).`,
    `${plan.pointsDeleted} points were deleted.`,
  ]
  if (changed.length > 0)
    parts.push(`${changed.length} vector(s) have a new definition: ${changed.join(', ')}.`)
  if (orphaned.length > 0)
    parts.push(`${orphaned.length} vector(s) that nothing fills are gone: ${orphaned.join(', ')}.`)
  if (plan.pointsCopied > 0)
    parts.push(
      `${plan.pointsCopied} documents without a source to make them from again were carried over.`,
    )
  return parts.join(' ')
}

function addedMessage({ points, vectors: { added, rebound } }: ReconfigurePlan): string {
  const parts = [`Qdrant collection reconfigured online with ${added.length} new vector(s).`]
  if (rebound.length > 0)
    parts.push(`${rebound.length} vector(s) are filled by another version from now on.`)
  return `${parts.join(' ')} 0 of ${points} points were deleted.`
}

function retriggerMessage({ strategy, isReprocess, collections }: ReconfigurePlan): string {
  if (collections.length === 0) return ''
  if (isReprocess)
    return 'The documents of the collections that use the new vectors are being made again: the tasks tell when.'
  return strategy === 'online'
    ? 'Re-trigger batches on the listed collections to give their documents the new vectors.'
    : 'Re-trigger batches on the listed collections to re-ingest data with the new vectors.'
}

function nothingNeeded({ vectors: { orphaned } }: ReconfigurePlan): string {
  const told =
    'The schema has every vector of the extractors and deployed plugins; nothing was changed.'
  if (orphaned.length === 0) return told
  return `${told} ${orphaned.join(', ')}: filled by nothing that runs here, and kept.`
}
