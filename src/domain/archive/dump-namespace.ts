import type { Ports } from '../../ports/ports.ts'
import { openSnapshot, readArchiveJobs } from '../../store/archive-rows.ts'
import type { ReadPorts } from '../documents/read.ts'
import { fail } from '../failure.ts'
import { dumpChanges, namespaceToDump, pointsBegin } from './dump-points.ts'
import { tellTables } from './dump-server.ts'
import type { Tell } from './line-stream.ts'

type Needs = ReadPorts & Pick<Ports, 'db' | 'leases' | 'now'>

/**
 * One state of a namespace: held alone while the ids of its documents, and those written since, are read and the
 * tables' moment is fixed; writers wait for that, readers do not notice. The rows are read afterwards, as of that
 * moment. So every document that a row of the ledger calls written is there, and no document of an object that the
 * tables had not heard of. Throws `not_found`, and `conflict` where another holds the namespace.
 */
export async function dumpNamespace(
  ports: Needs,
  namespaceId: string,
  since: Date,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { points, heldMs, ...held } = await ports.leases.exclusive(
    namespaceId,
    'a dump reads what was written last',
    async (lease) => {
      const startedAt = performance.now()
      const limit = AbortSignal.timeout(ports.config.dumpHoldMs)
      const held = AbortSignal.any([signal, limit])
      const points = await orLate(ports, limit, () =>
        tellPoints(ports, namespaceId, since, (lines) => whileHeld(tell(lines), held), held),
      )
      const opened = await openSnapshot(ports.db)
      // Lost and taken by another, who may have written before the snapshot: then it is no one state.
      await lease.check().catch((error: unknown) => closed(opened, error))
      return { ...opened, points, heldMs: Math.ceil(performance.now() - startedAt) }
    },
    { waitMs: ports.config.dumpHoldMs, signal },
  )
  await using snapshot = held
  const as_of = snapshot.at.toISOString()
  await tell([JSON.stringify({ held: { as_of, points, held_ms: heldMs } })])
  const jobs = await readArchiveJobs(snapshot.db, namespaceId)
  await tell(jobs.map((job) => `{"job":${job}}`))
  await tellTables(snapshot.db, namespaceId, tell)
}

async function tellPoints(
  ports: Needs,
  namespaceId: string,
  since: Date,
  tell: Tell,
  signal: AbortSignal,
): Promise<number> {
  const namespace = await namespaceToDump(ports, namespaceId)
  await tell([JSON.stringify({ begin: await pointsBegin(ports, namespace) })])
  return await dumpChanges(ports, namespace, { since, withIds: true }, tell, signal)
}

/** A reader who takes nothing does not keep writers waiting for longer than the limit. */
async function whileHeld(told: Promise<void>, held: AbortSignal): Promise<void> {
  held.throwIfAborted()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const abort = () => reject(held.reason)
  held.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([told, late])
  } finally {
    held.removeEventListener('abort', abort)
  }
}

async function orLate<T>(
  { config }: Pick<Ports, 'config'>,
  limit: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!limit.aborted) throw error
    throw fail(
      'conflict',
      {
        reason: `The last changes of the namespace were not read within ${config.dumpHoldMs} ms, for which writers wait (NACRE_DUMP_HOLD_MS).`,
        hint: 'Dump again: what was read is kept, and less is left. With many documents, give it longer.',
      },
      { cause: error },
    )
  }
}

async function closed(snapshot: AsyncDisposable, error: unknown): Promise<never> {
  await snapshot[Symbol.asyncDispose]()
  throw error
}
