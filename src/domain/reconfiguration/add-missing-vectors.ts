import type { Ports } from '../../ports/ports.ts'
import { EngineRejection, type VectorSpec } from '../../ports/vector-engine.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import {
  forgetReconfigurations,
  lockNamespaceRow,
  readReconfiguration,
  takeReconfiguration,
  writeSchema,
} from '../../store/reconfigurations.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import { collectionSpec } from '../namespaces/merge-vectors.ts'
import {
  aliasOf,
  type Namespace,
  type NamespaceExtractor,
  type VectorDefinition,
} from '../namespaces/namespace.ts'
import { newReconfiguration, orBusy, writeIntent } from './begin.ts'
import { move } from './move.ts'
import { planVectors, shapeOf, withAdded, type Vectors } from './plan-vectors.ts'
import type { Reconfiguration, ReconfigurationState } from './reconfiguration.ts'

export type AddNeeds = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'log' | 'config' | 'now' | 'newId'
>

export type FinishNeeds = Omit<AddNeeds, 'newId' | 'queue'>

const addingStates: readonly ReconfigurationState[] = ['waiting_for_engine', 'adding']

export interface AddedVectors {
  added: string[]
  /** Every vector that the namespace has now. */
  total: string[]
}

/**
 * Adds what of `vectors` the namespace lacks to its live collection: no point is touched, reads and writes go on, and
 * what is there already stays as it is. The intent is a row, the engine follows, the namespace's row is written last;
 * a killed process's work is ended by the next start. Nothing to add: nothing is written. `extractors`: what the
 * namespace's extractors become in the same step.
 * Throws `conflict` where a vector of the name is there in another shape, or a reconfigure is under way.
 */
export async function addMissingVectors(
  ports: AddNeeds,
  namespace: Pick<Namespace, 'id'>,
  vectors: Vectors,
  extractors: NamespaceExtractor[] | null = null,
): Promise<AddedVectors> {
  const begun = await orBusy(ports.db, namespace.id, () =>
    ports.db.transaction().execute((tx) => begin(tx, ports, namespace.id, vectors, extractors)),
  )
  if ('present' in begun) return { added: [], total: Object.keys(begun.present) }
  await finishAdding(ports, begun.reconfiguration)
  const { vectorsBefore, vectorsAfter } = begun.reconfiguration
  return {
    added: planVectors(vectorsBefore, vectorsAfter).added,
    total: Object.keys(vectorsAfter),
  }
}

/** Engine, then row. Safe to run again from any point; where the engine refuses, all of it is taken back. */
export async function finishAdding(
  ports: FinishNeeds,
  reconfiguration: Reconfiguration,
): Promise<void> {
  const { vectorsBefore, vectorsAfter } = reconfiguration
  const { added } = planVectors(vectorsBefore, vectorsAfter)
  let current = reconfiguration
  const asked = performance.now()
  let held = asked
  try {
    for (const [i, name] of added.entries()) {
      await createVector(ports, current, vectorsAfter[name])
      // From the first on the engine's lock is ours: the wait for an index build is over.
      if (i === 0) held = performance.now()
      if (current.state === 'waiting_for_engine')
        current = (await move(ports.db, current, 'vector_added')) ?? current
    }
  } catch (error) {
    if (!(error instanceof EngineRejection)) throw error
    await takeBackAdding(ports, current, error.reason)
    throw fail(
      'conflict',
      { reason: `The vectors were not added: ${error.reason}` },
      { cause: error },
    )
  }
  await record(ports, current)
  const [waitedMs, heldMs] = [held - asked, performance.now() - held].map(Math.round)
  const { id: reconfigurationId } = current
  ports.log.info({ reconfigurationId, vectors: added.length, waitedMs, heldMs }, 'vectors added')
}

async function begin(
  tx: Db,
  ports: AddNeeds,
  namespaceId: string,
  vectors: Vectors,
  extractors: NamespaceExtractor[] | null,
): Promise<{ present: Vectors } | { reconfiguration: Reconfiguration }> {
  await lockNamespaceRow(tx, namespaceId)
  const namespace = await readNamespaceById(tx, namespaceId)
  if (namespace?.state !== 'ready') {
    throw fail('not_found', { resource: 'namespace', id: namespaceId })
  }
  refuseOtherShapes(namespace.vectors, vectors)
  const after = withAdded(namespace.vectors, vectors)
  const { added, rebound } = planVectors(namespace.vectors, after)
  const isChanged = added.length > 0 || rebound.length > 0 || extractors !== null
  if (!isChanged) return { present: namespace.vectors }
  const reconfiguration = newReconfiguration(ports, namespace, {
    strategy: 'online',
    isReprocess: false,
    state: 'waiting_for_engine',
    toGeneration: null,
    vectorsAfter: after,
    extractorsAfter: extractors,
    previousPoints: 0,
    taskId: null,
  })
  await writeIntent(tx, ports, reconfiguration)
  return { reconfiguration }
}

/** A vector cannot change its shape in place: throws `conflict` with what would change it. */
export function refuseOtherShapes(present: Vectors, wanted: Vectors): void {
  const [name] = planVectors(present, wanted).changed
  const [before, after] = name === undefined ? [] : [present[name], wanted[name]]
  if (!before || !after) return
  throw fail('conflict', {
    reason: `The vector '${before.name}' is ${shapeOf(before)} in this namespace and would be ${shapeOf(after)}; that cannot be changed in place.`,
    hint: 'POST …/plugins/reconfigure {"confirm": true} rebuilds the schema; {"dry_run": true} shows what that would do.',
    details: { vector: before.name },
  })
}

async function createVector(
  { vectors }: Pick<Ports, 'vectors'>,
  { namespaceId }: Reconfiguration,
  definition: VectorDefinition | undefined,
): Promise<void> {
  if (!definition) return
  await vectors.createVector(aliasOf({ id: namespaceId }), definition.name, specOf(definition))
}

/**
 * Under the lease: a writer that comes after it knows the new vectors, in whatever process. Of several that end the same
 * the first here records it, whoever took it over last: all of them have the vectors in the engine by now.
 */
async function record(ports: FinishNeeds, reconfiguration: Reconfiguration): Promise<void> {
  const { namespaceId, fromGeneration: generation, vectorsAfter: vectors } = reconfiguration
  const schema = { generation, vectors, featureExtractors: reconfiguration.extractorsAfter }
  await ports.leases.exclusive(namespaceId, 'adding vectors', async (lease) => {
    await lease.check()
    await ports.db.transaction().execute(async (tx) => {
      await lockNamespaceRow(tx, namespaceId)
      const own = await takeReconfiguration(tx, reconfiguration.id, addingStates)
      if (!own || !(await move(tx, own, 'recorded'))) return
      await writeSchema(tx, namespaceId, schema, ports.now())
      await forgetReconfigurations(tx, namespaceId, ports.config.reconfigurationsMax)
    })
    ports.cache.forget('namespaces')
  })
  await assertDone(ports.db, reconfiguration.id)
}

async function assertDone(db: Db, id: string): Promise<void> {
  const row = await readReconfiguration(db, id)
  if (!row) throw fail('not_found', { resource: 'reconfigure', id })
  if (row.state === 'done') return
  throw fail('conflict', {
    reason: `Reconfigure ${id} was ended by another and is ${row.state}: ${row.error ?? 'no reason given'}`,
  })
}

/** No document can have these vectors yet: no schema names them. */
export async function takeBackAdding(
  ports: Pick<Ports, 'db' | 'vectors'>,
  reconfiguration: Reconfiguration,
  reason: string,
): Promise<void> {
  const { namespaceId, vectorsBefore, vectorsAfter } = reconfiguration
  const cancelling =
    reconfiguration.state === 'cancelling'
      ? reconfiguration
      : await move(ports.db, reconfiguration, 'given_up', { error: reason })
  if (!cancelling) return
  for (const name of planVectors(vectorsBefore, vectorsAfter).added) {
    await ports.vectors.dropVector(aliasOf({ id: namespaceId }), name)
  }
  await move(ports.db, cancelling, 'taken_away')
}

function specOf(definition: VectorDefinition): VectorSpec {
  const { vectors, sparse_vectors } = collectionSpec({ [definition.name]: definition })
  const dense = vectors[definition.name]
  return dense ? { dense } : { sparse: sparse_vectors[definition.name] ?? {} }
}
