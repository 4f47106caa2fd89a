import type { Ports } from '../../ports/ports.ts'
import { lockCollection, readCollections, writeSchema } from '../../store/collections.ts'
import type { Db } from '../../store/tables.ts'
import type { BucketField } from '../buckets/bucket.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Collection } from './collection.ts'
import { discoveredFields, seeFields, type SeenFields } from './discover-fields.ts'
import { copiesAll } from './output-schema.ts'

type Fields = Record<string, BucketField>

export interface SchemaSync {
  /** Documents to look at. */
  sampleSize: number
  /** Whether collections that read from this one learn of its fields. */
  isCascading: boolean
}

export interface SyncedSchema {
  collection: Collection
  previousVersion: number
  added: string[]
  sampled: number
  /** Collections downstream whose schemas grew as well. */
  downstream: string[]
}

/** When somebody looked, where that is so short ago that looking again is skipped; else null. */
export function syncedLately(
  { config, now }: Pick<Ports, 'config' | 'now'>,
  { schemaSyncedAt }: Pick<Collection, 'schemaSyncedAt'>,
): Date | null {
  if (schemaSyncedAt === null) return null
  return now().getTime() - schemaSyncedAt.getTime() < config.schemaSyncIntervalMs
    ? schemaSyncedAt
    : null
}

/**
 * Adds to the output schema what documents of the collection hold beside it: those that clients write may hold
 * anything. Nothing is ever removed, and what was declared keeps its type (contract 15.3). The sample is the first
 * documents by id, and ids are hashes or random.
 */
export async function syncSchema(
  ports: ReadPorts & Pick<Ports, 'now'>,
  namespace: Namespace,
  { id }: Pick<Collection, 'id'>,
  { sampleSize, isCascading }: SchemaSync,
  signal?: AbortSignal,
): Promise<SyncedSchema> {
  const { seen, sampled } = await sampleFields(ports, namespace, id, sampleSize, signal)
  const synced = await ports.db.transaction().execute(async (tx) => {
    const before = await lockCollection(tx, id)
    if (!before) throw fail('not_found', { resource: 'collection', id })
    const fresh = discoveredFields(seen, before.outputSchema)
    const collection = {
      ...grown(before, { output: fresh, input: {} }),
      schemaSyncedAt: ports.now(),
    }
    await save(tx, collection, collection.schemaSyncedAt)
    const all = isCascading ? await readCollections(tx, namespace.id) : []
    const downstream = await growReaders(tx, all, new Map([[id, fresh]]))
    const added = Object.keys(fresh)
    return { collection, previousVersion: before.schemaVersion, added, sampled, downstream }
  })
  ports.cache.forget('collections')
  return synced
}

async function sampleFields(
  ports: ReadPorts,
  namespace: Namespace,
  collectionId: string,
  sampleSize: number,
  signal: AbortSignal | undefined,
): Promise<{ seen: SeenFields; sampled: number }> {
  const seen: SeenFields = new Map()
  let sampled = 0
  const scope = { collectionIds: [collectionId] }
  const scan = { filter: null, select: null, withVectors: false }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    const looked = page.slice(0, sampleSize - sampled)
    for (const { payload } of looked) seeFields(seen, payload ?? {})
    sampled += looked.length
    if (sampled >= sampleSize) break
  }
  return { seen, sampled }
}

/** In the order they were made, which is that of their sources: a reader is made after what it reads. */
async function growReaders(
  tx: Db,
  collections: readonly Collection[],
  fresh: Map<string, Fields>,
): Promise<string[]> {
  const changed: string[] = []
  for (const { id, source } of collections) {
    const learnt: Fields = Object.assign(
      {},
      ...(source.collection_ids ?? []).map((upstream) => fresh.get(upstream)),
    )
    const before = Object.keys(learnt).length > 0 ? await lockCollection(tx, id) : null
    if (!before) continue
    const output = copiesAll(before.extractor) ? missingFrom(before.outputSchema, learnt) : {}
    const input = missingFrom(before.inputSchema, learnt)
    const after = grown(before, { output, input })
    if (after.schemaVersion === before.schemaVersion) continue
    await save(tx, after)
    fresh.set(id, output)
    changed.push(id)
  }
  return changed
}

function missingFrom(schema: Fields, fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(schema, name)))
}

function grown(before: Collection, fresh: { output: Fields; input: Fields }): Collection {
  const isMore = Object.keys(fresh.output).length + Object.keys(fresh.input).length > 0
  return {
    ...before,
    outputSchema: { ...before.outputSchema, ...fresh.output },
    inputSchema: { ...before.inputSchema, ...fresh.input },
    schemaVersion: before.schemaVersion + (isMore ? 1 : 0),
  }
}

async function save(tx: Db, collection: Collection, syncedAt?: Date): Promise<void> {
  await writeSchema(tx, collection.id, {
    output: collection.outputSchema,
    input: collection.inputSchema,
    version: collection.schemaVersion,
    ...(syncedAt && { syncedAt }),
  })
}
