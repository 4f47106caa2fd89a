import { setTimeout as sleep } from 'node:timers/promises'
import { countDocuments } from '../../src/domain/documents/read.ts'
import type { Filter } from '../../src/domain/filters/filter.ts'
import { checkNamespace } from '../../src/domain/index-advisor/check-namespace.ts'
import {
  unsettledStates,
  type DecisionState,
  type IndexDecision,
} from '../../src/domain/index-advisor/decision.ts'
import { collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NamespacePatch } from '../../src/domain/namespaces/namespace-request.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import { flushUsage } from '../../src/domain/query-usage/flush-usage.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readDecisions, readIndexEvents } from '../../src/store/index-decisions.ts'
import { readNamespaceById } from '../../src/store/namespaces.ts'
import { adminOf } from './principal.ts'
import { openWrittenNamespace, type WrittenNamespace } from './written-namespace.ts'

/** A namespace that makes its indexes itself, with documents, and with reads by clients that were written. */
export interface HotNamespace extends WrittenNamespace {
  /** Reads by the filters, in turns, `times` in all, recorded and written. */
  read(filters: readonly Filter[], times: number): Promise<void>
  /** As `read`, by these ports: another time, another engine. */
  readThrough(by: Ports, filters: readonly Filter[], times: number): Promise<void>
}

export async function openHotNamespace(
  ports: Ports,
  fields: readonly Record<string, unknown>[],
): Promise<HotNamespace> {
  const written = await openWrittenNamespace(ports, { fields, dimensions: 2 })
  const { id } = written.namespace
  await patch(ports, id, { auto_create_indexes: true })
  const readThrough: HotNamespace['readThrough'] = async (by, filters, times) => {
    const namespace = await currently(ports, id)
    for (let i = 0; i < times; i++) {
      const filter = filters[i % filters.length] ?? null
      const asked = { kind: 'count', retrieverId: null } as const
      await countDocuments(by, namespace, { collectionIds: null }, filter, undefined, asked)
    }
    await flushUsage(by)
  }
  const read: HotNamespace['read'] = (filters, times) => readThrough(ports, filters, times)
  return { ...written, read, readThrough }
}

export async function patch(ports: Ports, id: string, request: object): Promise<void> {
  await patchNamespace(ports, await adminOf(ports), id, NamespacePatch.parse(request))
}

export async function currently(ports: Ports, id: string): Promise<Namespace> {
  const namespace = await readNamespaceById(ports.db, id)
  if (!namespace) throw new Error(`Namespace ${id} is gone`)
  return namespace
}

const checksMax = 100
/** Until the connection of a process that died is gone, and its lock with it. */
const busyMs = 10

/**
 * As the worker does: one check after the other, until one changes nothing and nothing is half-done. Answers the
 * decisions, newest first.
 */
export async function settleIndexes(ports: Ports, namespaceId: string): Promise<IndexDecision[]> {
  let before = -1
  for (let i = 0; i < checksMax; i++) {
    const events = await readIndexEvents(ports.db, namespaceId, { limit: 10_000 })
    const decisions = await readDecisions(ports.db, namespaceId, { limit: 1_000 })
    const isOpen = decisions.some(({ state }) => unsettled.includes(state))
    if (events.length === before && !isOpen) return decisions
    if (events.length === before) await sleep(busyMs)
    before = events.length
    await checkNamespace(ports, namespaceId)
  }
  throw new Error(`${checksMax} checks did not come to an end`)
}

const unsettled: readonly DecisionState[] = unsettledStates

/** Path → type of what the engine has, the system's own left out. */
export async function builtIndexes(
  { vectors }: Ports,
  namespace: Namespace,
): Promise<Record<string, string>> {
  const there = await vectors.describeCollection(collectionOf(namespace))
  const custom = Object.entries(there?.payload_schema ?? {}).filter(
    ([path]) => !['_internal.collection_id', '_internal.source_object_id'].includes(path),
  )
  return Object.fromEntries(custom.map(([path, schema]) => [path, schema.type]))
}
