import { isDeepStrictEqual } from 'node:util'
import type { Ports } from '../../ports/ports.ts'
import { changeNamespace, readNamespaceById, type NamespaceChange } from '../../store/namespaces.ts'
import { removeSamples } from '../../store/query-usage-removal.ts'
import type { Db } from '../../store/tables.ts'
import { isUniqueViolation } from '../../store/unique-violation.ts'
import { fail } from '../failure.ts'
import { addCheck } from '../index-advisor/add-check.ts'
import type { Principal } from '../organizations/principal.ts'
import { applyPayloadIndexes } from '../payload-indexes/apply-payload-indexes.ts'
import { indexWarnings, type IndexWarning } from '../payload-indexes/index-warnings.ts'
import type { PayloadIndexConfig } from '../payload-indexes/parse-payload-indexes.ts'
import { resourceName } from '../resource-name.ts'
import { findNamespace } from './find-namespace.ts'
import { parseInfrastructure } from './infrastructure.ts'
import { namespaceNameRules, type Namespace } from './namespace.ts'
import type { NamespacePatch } from './namespace-request.ts'
import { changeVectors, vectorsChangeOf } from './patch-vectors.ts'

export interface Patched {
  namespace: Namespace
  /** Of an index build that goes on after the answer; null where everything is done. */
  taskId: string | null
  /** Of new or changed payload indexes that cannot hold every value of their fields. */
  warnings: IndexWarning[]
}

/**
 * Contract 7.4 and design 6: absent is unchanged, `description: null` clears, null for the others is unchanged,
 * `payload_indexes: []` drops the custom ones. All or nothing; what changes nothing leaves `updated_at`. Vectors that
 * extractors or `repair_vectors` ask for are added last, the way of an online reconfigure.
 * Throws `not_found`, `request_invalid`, `already_exists`, `forbidden`, `conflict`, `engine_unavailable`.
 */
export async function patchNamespace(
  ports: Ports,
  principal: Principal,
  identifier: string,
  patch: NamespacePatch,
): Promise<Patched> {
  const found = await findNamespace(ports, principal.organizationId, identifier)
  const namespace = (await readNamespaceById(ports.db, found.id)) ?? found
  const change = changeOf(namespace, principal, patch)
  const vectors = await vectorsChangeOf(ports, namespace, patch)
  const { payload_indexes: entries } = patch
  const endsAt = performance.now() + ports.config.indexWaitMs
  const taskId = entries ? await changeBoth(ports, namespace, change, entries) : null
  if (!entries) await changeFields(ports, namespace, change)
  if (vectors) await changeVectors(ports, namespace, vectors)
  const patched = await reread(ports, namespace)
  const isBuilt = entries && taskId === null
  const restMs = endsAt - performance.now()
  const warnings = isBuilt
    ? await indexWarnings(ports, patched, namespace.payloadIndexes, restMs)
    : []
  return { namespace: patched, taskId, warnings }
}

/** What of the namespace's own fields becomes different; empty where nothing does. */
function changeOf(
  namespace: Namespace,
  principal: Principal,
  patch: NamespacePatch,
): NamespaceChange {
  const { namespace_name, description, auto_create_indexes, infrastructure } = patch
  const change: NamespaceChange = {}
  if (typeof namespace_name === 'string' && namespace_name !== namespace.name) {
    change.name = resourceName(namespace_name, ['body', 'namespace_name'], namespaceNameRules)
  }
  if (description !== undefined && description !== namespace.description)
    change.description = description
  if (
    typeof auto_create_indexes === 'boolean' &&
    auto_create_indexes !== namespace.autoCreateIndexes
  ) {
    change.autoCreateIndexes = auto_create_indexes
  }
  const location = ['body', 'infrastructure']
  const written =
    infrastructure && parseInfrastructure(infrastructure, namespace, principal, location)
  return { ...change, ...(written && { infrastructure: written }) }
}

/** Fields and indexes together: one transaction declares both, and one takes both back. */
async function changeBoth(
  ports: Ports,
  namespace: Namespace,
  change: NamespaceChange,
  entries: readonly PayloadIndexConfig[],
): Promise<string | null> {
  const { taskId } = await applyPayloadIndexes(ports, namespace, {
    entries,
    location: ['body', 'payload_indexes'],
    also: async (tx, isChanged) => {
      if (isChanged || !isEmpty(change)) await write(ports, tx, namespace, change)
      return (undo) => takeBack(ports, undo, namespace, change)
    },
  })
  return taskId
}

async function changeFields(
  ports: Ports,
  namespace: Namespace,
  change: NamespaceChange,
): Promise<void> {
  if (isEmpty(change)) return
  await ports.db.transaction().execute((tx) => write(ports, tx, namespace, change))
  ports.cache.forget('namespaces')
}

async function write(
  { queue, now }: Pick<Ports, 'queue' | 'now'>,
  tx: Db,
  namespace: Namespace,
  change: NamespaceChange,
  at = now(),
): Promise<void> {
  try {
    await changeNamespace(tx, namespace.id, change, at)
    // Begins to look at what queries filter by, or ends what was begun.
    if (change.autoCreateIndexes !== undefined) await addCheck(tx, queue, namespace.id)
    // Values of clients' filters are kept for that alone (design 4).
    if (change.autoCreateIndexes === false) await removeSamples(tx, namespace.id)
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw fail('already_exists', { resource: 'namespace', name: change.name ?? namespace.name })
  }
}

/** Puts the old values back, but for fields that another request has changed again meanwhile. */
async function takeBack(
  ports: Pick<Ports, 'queue' | 'now'>,
  tx: Db,
  namespace: Namespace,
  change: NamespaceChange,
): Promise<void> {
  const current = await readNamespaceById(tx, namespace.id)
  if (!current) return
  const written = { ...namespace, ...change }
  const names = ['name', 'description', 'autoCreateIndexes', 'infrastructure'] as const
  const others = names.filter((name) => !isDeepStrictEqual(current[name], written[name]))
  const before = beforeOf(namespace, change)
  for (const name of others) delete before[name]
  const at = others.length === 0 ? namespace.updatedAt : current.updatedAt
  await write(ports, tx, namespace, before, at)
}

/** The old values of exactly the fields that a change writes. */
function beforeOf(namespace: Namespace, change: NamespaceChange): NamespaceChange {
  return {
    ...('name' in change && { name: namespace.name }),
    ...('description' in change && { description: namespace.description }),
    ...('autoCreateIndexes' in change && { autoCreateIndexes: namespace.autoCreateIndexes }),
    ...('infrastructure' in change && { infrastructure: namespace.infrastructure }),
  }
}

function isEmpty(change: NamespaceChange): boolean {
  return Object.keys(change).length === 0
}

async function reread({ db }: Ports, { id }: Namespace): Promise<Namespace> {
  const namespace = await readNamespaceById(db, id)
  if (namespace?.state !== 'ready') throw fail('not_found', { resource: 'namespace', id })
  return namespace
}
