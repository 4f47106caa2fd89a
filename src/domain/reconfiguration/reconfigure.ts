import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readBusyReconfiguration } from '../../store/reconfigurations.ts'
import { triggerCollection } from '../batches/trigger-collection.ts'
import { findCollection } from '../collections/find-collection.ts'
import { fail, invalid, isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { addMissingVectors } from './add-missing-vectors.ts'
import { busyConflict } from './begin.ts'
import { planNow } from './plan-now.ts'
import type { ReconfigurePlan } from './plan-reconfigure.ts'
import { needsEngine, type VectorPlan } from './plan-vectors.ts'
import type { Reconfiguration, ReconfigureStrategy } from './reconfiguration.ts'
import { beginReprocess } from './reprocess.ts'
import { recreate, refuseActiveBatches, refuseLosses } from './recreate.ts'
import { wantedVectors } from './wanted-vectors.ts'

export interface ReconfigureRequest {
  confirm: unknown
  dryRun: boolean
  strategy: ReconfigureStrategy
  isReprocess: boolean
}

/** What was done, or with `isDryRun` what would be. */
export interface Reconfigured {
  plan: ReconfigurePlan
  isDryRun: boolean
  isChanged: boolean
  reconfiguration: Reconfiguration | null
  /** Why a reconfigure would be refused now; empty where it was done. */
  obstacles: string[]
  taskIds: string[]
}

/**
 * `POST …/plugins/reconfigure` (the seed page, contract 10.4, design 4): the schema follows the namespace's extractors
 * and its deployed plugins. Where it does already nothing is written, neither in the engine nor in the database.
 * Throws `request_invalid` and `bad_request` for a wrong `confirm`, and `conflict` as its strategies do.
 */
export async function reconfigure(
  ports: Ports,
  given: Namespace,
  request: ReconfigureRequest,
): Promise<Reconfigured> {
  if (!request.dryRun) assertConfirmed(request.confirm)
  const namespace = (await readNamespaceById(ports.db, given.id)) ?? given
  const { strategy } = request
  const plan = await planNow(ports, namespace, strategy, request.isReprocess)
  const isChanged = needsEngine(plan.vectors) || isRebound(plan.vectors)
  const nothing = { plan, isChanged, obstacles: [], taskIds: [], reconfiguration: null }
  if (request.dryRun) {
    const obstacles = isChanged ? await obstaclesTo(ports, namespace, plan) : []
    return { ...nothing, isDryRun: true, obstacles }
  }
  if (!isChanged) return { ...nothing, isDryRun: false }
  const busy = await readBusyReconfiguration(ports.db, namespace.id)
  if (busy) throw busyConflict(busy)
  // What only has another name for its filler is no reason to rebuild.
  if (strategy === 'online' || !needsEngine(plan.vectors)) {
    await addMissingVectors(ports, namespace, await wantedVectors(ports, namespace))
    const taskIds = request.isReprocess ? await triggerAll(ports, namespace, plan) : []
    return { ...nothing, isDryRun: false, taskIds }
  }
  const done = await (request.isReprocess ? beginReprocess : recreate)(ports, namespace)
  const taskId = done.reconfiguration?.taskId ?? null
  return {
    ...nothing,
    ...done,
    isDryRun: false,
    isChanged: done.reconfiguration !== null,
    taskIds: taskId === null ? [] : [taskId],
  }
}

/** The page: `confirm` must be true. A string or nothing is 422, false is 400 (design 4). */
function assertConfirmed(confirm: unknown): void {
  if (confirm === true) return
  const location = ['body', 'confirm']
  if (confirm === undefined)
    throw invalid(location, 'confirm is missing; it must be true', 'missing')
  if (confirm !== false) {
    const kind = confirm === null ? 'null' : typeof confirm
    throw invalid(location, `confirm is ${kind}; it must be the boolean true`, 'wrong_type')
  }
  throw fail('bad_request', {
    reason: 'confirm is false: nothing was done.',
    hint: 'Send {"confirm": true}; {"dry_run": true} shows the plan without it.',
  })
}

/** What a request would be refused for now, in the same words. */
async function obstaclesTo(
  ports: Ports,
  namespace: Namespace,
  plan: ReconfigurePlan,
): Promise<string[]> {
  const checks = [
    async () => {
      const busy = await readBusyReconfiguration(ports.db, namespace.id)
      if (busy) throw busyConflict(busy)
    },
    async () => {
      if (plan.strategy === 'recreate' && !plan.isReprocess)
        await refuseActiveBatches(ports, namespace.id)
    },
    async () => refuseLosses(plan),
    async () => {
      if (plan.strategy === 'online' && plan.vectors.changed.length > 0)
        throw fail('conflict', {
          reason: `The definition of ${plan.vectors.changed.join(', ')} changes, which cannot be done in place.`,
        })
    },
  ]
  const obstacles: string[] = []
  for (const check of checks) {
    try {
      await check()
    } catch (error) {
      obstacles.push(error instanceof Error ? error.message : String(error))
    }
  }
  return obstacles
}

/** What the caller would do with the listed collections: each is triggered; one without sources has nothing to do. */
async function triggerAll(
  ports: Ports,
  namespace: Namespace,
  { collections }: ReconfigurePlan,
): Promise<string[]> {
  const taskIds: string[] = []
  const everything = { includeBuckets: null, includeCollections: null, sourceFilters: null }
  for (const id of collections) {
    try {
      const collection = await findCollection(ports, namespace, id)
      const { task } = await triggerCollection(ports, namespace, collection, everything)
      taskIds.push(task.id)
    } catch (error) {
      if (!isFailure(error, 'bad_request') && !isFailure(error, 'not_found')) throw error
    }
  }
  return taskIds
}

function isRebound({ rebound }: VectorPlan): boolean {
  return rebound.length > 0
}
