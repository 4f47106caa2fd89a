import { setTimeout as sleep } from 'node:timers/promises'
import type { Ports } from '../../ports/ports.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'
import { insertIndexes, markIndexDropping, redeclareIndex } from '../../store/payload-indexes.ts'
import { readNamespaceById, readOpenTasks } from '../../store/namespaces.ts'
import type { Db } from '../../store/tables.ts'
import { fail, isFailure, type Failure, type Fault } from '../failure.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { createTask } from '../tasks/create-task.ts'
import type { TaskStatus } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import { convergeIndexes, convergeOrRestore, restoreIndexes } from './converge-indexes.ts'
import { changesNothing, diffPayloadIndexes, type IndexPlan } from './diff-payload-indexes.ts'
import { parsePayloadIndexes, type PayloadIndexConfig } from './parse-payload-indexes.ts'

type Needs = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'log' | 'config' | 'now' | 'newId'
>

export interface IndexRequest {
  entries: readonly PayloadIndexConfig[]
  location: Fault['location']
  /**
   * What else the request changes, in the transaction of the intent, so that both stand or neither. `isChanged`:
   * whether the indexes change. Answers what to do in the transaction that takes a failed build back.
   */
  also(tx: Db, isChanged: boolean): Promise<(tx: Db) => Promise<void>>
}

/** The contract's closed list has no type for it (contract 19). */
const indexTaskType = 'api_namespaces_migrations_run'
const indexOperation = 'payload_indexes'

/** Beyond the wait, a safety net: finishes the change where this process dies in it. */
const convergeAfterSeconds = 15

/**
 * Makes the declared list the namespace's custom indexes: intent rows, then the engine, then the mark; all or
 * nothing. Waits up to `indexWaitMs`; a build that takes longer goes on, shown as `building`, with the task whose id is
 * answered. Throws `request_invalid` before anything is changed; where the engine fails, the old declaration is
 * restored and the failure says so.
 */
export async function applyPayloadIndexes(
  ports: Needs,
  namespace: Namespace,
  request: IndexRequest,
): Promise<{ taskId: string | null }> {
  const { indexWaitMs } = ports.config
  const begun = Promise.withResolvers<void>()
  const waiting = { isOver: false }
  const work = ports.leases.exclusive(
    namespace.id,
    'changing payload indexes',
    async (lease) => {
      const change = await declare(ports, namespace.id, lease, request)
      begun.resolve()
      return change ? await follow(ports, change, lease, waiting) : null
    },
    { waitMs: indexWaitMs },
  )
  await Promise.race([work, begun.promise])
  const outcome = await settledWithin(work, indexWaitMs)
  if (outcome === 'waiting') {
    waiting.isOver = true
    return { taskId: await taskOf(ports, namespace, work) }
  }
  if (outcome !== null) throw outcome
  return { taskId: null }
}

interface Change {
  namespace: Namespace
  undoAlso: (tx: Db) => Promise<void>
}

/** Validates against what is there now, and writes the intent; null where there is nothing for the engine to do. */
async function declare(
  ports: Needs,
  namespaceId: string,
  lease: ExclusiveLease,
  request: IndexRequest,
): Promise<Change | null> {
  const { db, queue, cache, config } = ports
  const namespace = await current(ports, namespaceId, lease)
  const declared = parsePayloadIndexes(request.entries, {
    location: request.location,
    existing: namespace.payloadIndexes,
    indexesMax: config.indexesMax,
  })
  const plan = diffPayloadIndexes(namespace.payloadIndexes, declared)
  const isChanged = !changesNothing(plan)
  const undoAlso = await db.transaction().execute(async (tx) => {
    const undo = await request.also(tx, isChanged)
    if (!isChanged) return undo
    await writeIntent(tx, namespaceId, plan)
    const delaySeconds = Math.ceil(config.indexWaitMs / 1000) + convergeAfterSeconds
    const payload = { namespace_id: namespaceId }
    await queue.add(tx, 'namespace.converge', payload, { delaySeconds, singletonKey: namespaceId })
    return undo
  })
  cache.forget('namespaces')
  return isChanged ? { namespace, undoAlso } : null
}

/** As it stands under the lease, with what a dead process left half-done finished first. */
async function current(
  ports: Needs,
  namespaceId: string,
  lease: ExclusiveLease,
): Promise<Namespace> {
  const before = await ready(ports.db, namespaceId)
  await convergeOrRestore(ports, before, lease)
  return await ready(ports.db, namespaceId)
}

async function ready(db: Db, id: string): Promise<Namespace> {
  const namespace = await readNamespaceById(db, id)
  if (namespace?.state !== 'ready') throw fail('not_found', { resource: 'namespace', id })
  return namespace
}

async function writeIntent(tx: Db, namespaceId: string, plan: IndexPlan): Promise<void> {
  for (const { from, to } of plan.change) await redeclareIndex(tx, namespaceId, from, to)
  for (const index of plan.drop) await markIndexDropping(tx, namespaceId, index)
  const created = plan.create.map((index) => ({
    ...index,
    origin: 'user' as const,
    isProtected: false,
    state: 'pending' as const,
    error: null,
  }))
  await insertIndexes(tx, namespaceId, created, { kind: 'absent' })
}

/** Null where the engine followed; else why everything is as it was before. */
async function follow(
  ports: Needs,
  { namespace, undoAlso }: Change,
  lease: ExclusiveLease,
  waiting: { readonly isOver: boolean },
): Promise<Failure | null> {
  try {
    await convergeIndexes(ports, namespace, lease)
    return null
  } catch (error) {
    const reason = reasonOf(error)
    // After the answer an engine that is away is waited for, by the job; a refusal is final at any time.
    if (reason === null || (waiting.isOver && !(error instanceof EngineRejection))) throw error
    await restoreIndexes(ports, namespace, lease, reason, waiting.isOver ? undefined : undoAlso)
    return notChanged(error, reason)
  }
}

/** Null for what is no answer of the engine: then nothing is known, and nothing is undone here. */
function reasonOf(error: unknown): string | null {
  if (error instanceof EngineRejection) return error.reason
  return isFailure(error, 'engine_unavailable') || isFailure(error, 'engine_busy')
    ? error.message
    : null
}

function notChanged(error: unknown, reason: string): Failure {
  const told = `The payload indexes were not changed, the earlier declaration stands: ${reason}`
  if (error instanceof EngineRejection) return fail('conflict', { reason: told }, { cause: error })
  return fail('engine_unavailable', { engine: 'The vector engine', reason: told }, { cause: error })
}

async function settledWithin<T>(work: Promise<T>, waitMs: number): Promise<T | 'waiting'> {
  const timer = new AbortController()
  try {
    return await Promise.race([work, sleep(waitMs, 'waiting' as const, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}

/**
 * A task for work that outlasts its request. It ends as the work does; where the work could not be brought to an
 * end here, the job that finishes it ends the task.
 */
async function taskOf(
  ports: Needs,
  namespace: Namespace,
  work: Promise<Failure | null>,
): Promise<string> {
  const { db, log } = ports
  const task = createTask(db, ports, {
    organizationId: namespace.organizationId,
    namespaceId: namespace.id,
    type: indexTaskType,
    status: 'PROCESSING',
    additionalData: { namespace_id: namespace.id, operation: indexOperation },
  })
  Promise.all([task, work])
    .then(async ([{ id }, failure]) => {
      await updateTask(db, id, endOf(failure?.message ?? null))
    })
    .catch((error: unknown) => {
      log.warn({ namespaceId: namespace.id, error }, 'payload indexes left to the converging job')
    })
  return (await task).id
}

/** Ends the tasks of index builds that outlasted their requests. `failure`: why the build was taken back. */
export async function endIndexTasks(
  db: Db,
  namespaceId: string,
  failure: string | null,
): Promise<void> {
  for (const { id, additionalData } of await readOpenTasks(db, indexTaskType, namespaceId)) {
    if (additionalData['operation'] === indexOperation) await updateTask(db, id, endOf(failure))
  }
}

function endOf(failure: string | null): { status: TaskStatus; error?: string } {
  return failure === null ? { status: 'COMPLETED' } : { status: 'FAILED', error: failure }
}
