import type { QdrantClient } from '@qdrant/js-client-rest'
import type { Logger } from '../../ports/logger.ts'
import {
  EngineRejection,
  type CollectionDescription,
  type CollectionSpec,
  type CountRequest,
  type EnginePoint,
  type FacetHit,
  type FacetRequest,
  type GroupsRequest,
  type HnswConfig,
  type PayloadFieldSchema,
  type PointGroup,
  type QueryRequest,
  type RepairReport,
  type RetrieveRequest,
  type ScoredPoint,
  type ScrollPage,
  type ScrollRequest,
  type VectorEngine,
  type VectorSpec,
  type Write,
} from '../../ports/vector-engine.ts'
import {
  checkName,
  hasSameVectors,
  noCollection,
  vectorNameConfig,
} from '../qdrant/collection-spec.ts'
import {
  groupOf,
  inOrderOf,
  pointOf,
  scoredOf,
  type RawGroup,
  type RawPoint,
  type RawScored,
} from '../qdrant/engine-answer.ts'
import {
  engineCount,
  engineFacet,
  engineGroups,
  engineQuery,
  engineRetrieve,
  engineScroll,
} from '../qdrant/engine-request.ts'
import { engineKey } from '../qdrant/key-path.ts'
import { MovingServer, type WhereNow } from './moving-server.ts'
import { connect, type ServerAddress } from './server-client.ts'
import { describeServer } from './server-description.ts'
import { statusOf } from './server-errors.ts'
import { applyWrite } from './server-write.ts'

/** The body of a client's call: our bodies are made for all engines, so the client's types are only said. */
type Body<M extends 'query' | 'queryGroups' | 'scroll' | 'retrieve' | 'count' | 'facet'> =
  NonNullable<Parameters<QdrantClient[M]>[1]>

export interface QdrantServerParts extends ServerAddress {
  log: Logger
  /** Of one that moves when it starts again. */
  whereNow?: WhereNow
}

/**
 * A Qdrant server, 1.18 or later, or a Nacre that serves its Edge. Throws Failure('engine_unavailable') where it does
 * not answer or is older.
 */
export async function openQdrantServer({
  log,
  whereNow,
  ...address
}: QdrantServerParts): Promise<VectorEngine> {
  const link = await connect(address)
  log.info({ engine: 'qdrant-server', version: link.version }, 'The Qdrant server answers.')
  return new QdrantServer(new MovingServer(link, whereNow ?? (() => Promise.resolve(null))))
}

class QdrantServer implements VectorEngine {
  readonly kind = 'qdrant-server'
  readonly #server: MovingServer

  constructor(server: MovingServer) {
    this.#server = server
  }

  get #client(): QdrantClient {
    return this.#server.link.client
  }

  createCollection(name: string, spec: CollectionSpec, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      checkName('collection', name)
      try {
        await this.#client.createCollection(name, { ...spec, vectors: { ...spec.vectors } })
      } catch (error) {
        const existing = statusOf(error) === 409 ? await this.#describe(name) : null
        if (existing === null) throw error
        if (existing.name === name && hasSameVectors(existing, spec)) return
        throw new EngineRejection(`Collection \`${name}\` already exists with other vectors`)
      }
    })
  }

  dropCollection(name: string, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      await this.#client.deleteCollection(name)
    })
  }

  describeCollection(name: string, signal?: AbortSignal): Promise<CollectionDescription | null> {
    return this.#server.call(signal, () => this.#describe(name))
  }

  listCollections(signal?: AbortSignal): Promise<string[]> {
    return this.#server.call(signal, async () => {
      const { collections } = await this.#client.getCollections()
      return collections.map(({ name }) => name).toSorted()
    })
  }

  setAlias(alias: string, collection: string, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      checkName('alias', alias)
      // The server would take an alias as the target, and keep it as a name that nothing has.
      if ((await this.#physical(collection)) !== collection) throw noCollection(collection)
      // One action: it moves an alias that is there, at once.
      const create_alias = { alias_name: alias, collection_name: collection }
      await this.#client.updateCollectionAliases({ actions: [{ create_alias }] })
    })
  }

  dropAlias(alias: string, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      if (!Object.hasOwn(await this.#aliases(), alias)) return
      await this.#client.updateCollectionAliases({
        actions: [{ delete_alias: { alias_name: alias } }],
      })
    })
  }

  listAliases(signal?: AbortSignal): Promise<Record<string, string>> {
    return this.#server.call(signal, () => this.#aliases())
  }

  createVector(
    collection: string,
    name: string,
    spec: VectorSpec,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#server.call(signal, async () => {
      const config = vectorNameConfig(spec) as Parameters<QdrantClient['createVectorName']>[2]
      await this.#client.createVectorName(collection, name, config, { wait: true })
    })
  }

  dropVector(collection: string, name: string, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      await this.#client.deleteVectorName(collection, name, { wait: true })
    })
  }

  createPayloadIndex(
    collection: string,
    field: string,
    schema: PayloadFieldSchema,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#server.call(signal, async () => {
      await this.#client.createPayloadIndex(collection, {
        wait: true,
        field_name: engineKey(field),
        field_schema: schema,
      })
    })
  }

  dropPayloadIndex(collection: string, field: string, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      await this.#client.deletePayloadIndex(collection, engineKey(field), { wait: true })
    })
  }

  setHnsw(collection: string, hnsw: HnswConfig, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      await this.#client.updateCollection(collection, { hnsw_config: hnsw })
    })
  }

  write(collection: string, write: Write, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, () => applyWrite(this.#client, collection, write))
  }

  /** A Qdrant flushes by its own clock and has no call for it; absent collections are refused all the same. */
  flush(collection: string, signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      const { nacre } = this.#server.link
      await (nacre ? nacre.flush(collection) : this.#assertThere(collection))
    })
  }

  optimize(collection: string, signal?: AbortSignal): Promise<boolean> {
    return this.#server.call(signal, async () => {
      const { nacre } = this.#server.link
      if (nacre) return await nacre.optimize(collection)
      await this.#assertThere(collection)
      return false
    })
  }

  repairCollection(collection: string, spec: CollectionSpec, signal?: AbortSignal) {
    return this.#server.call(signal, async (): Promise<RepairReport> => {
      const { nacre } = this.#server.link
      if (nacre) return await nacre.repair(collection, spec)
      const { count: points } = await this.#client.count(collection, { exact: true })
      return { wasBroken: false, points, lost: [] }
    })
  }

  query(collection: string, request: QueryRequest, signal?: AbortSignal): Promise<ScoredPoint[]> {
    return this.#server.call(signal, async () => {
      const body = engineQuery(request, (vector) => Array.from(vector)) as Body<'query'>
      const { points } = await this.#client.query(collection, body)
      return (points as RawScored[]).map(scoredOf)
    })
  }

  queryGroups(
    collection: string,
    request: GroupsRequest,
    signal?: AbortSignal,
  ): Promise<PointGroup[]> {
    return this.#server.call(signal, async () => {
      const body = engineGroups(request, (vector) => Array.from(vector)) as Body<'queryGroups'>
      const { groups } = await this.#client.queryGroups(collection, body)
      return (groups as RawGroup[]).map(groupOf)
    })
  }

  scroll(collection: string, request: ScrollRequest, signal?: AbortSignal): Promise<ScrollPage> {
    return this.#server.call(signal, async () => {
      const answer = await this.#client.scroll(collection, engineScroll(request) as Body<'scroll'>)
      const { points, next_page_offset } = answer as ScrollPage & { points: RawPoint[] }
      return { points: points.map(pointOf), next_page_offset: next_page_offset ?? null }
    })
  }

  retrieve(
    collection: string,
    request: RetrieveRequest,
    signal?: AbortSignal,
  ): Promise<EnginePoint[]> {
    return this.#server.call(signal, async () => {
      const points = await this.#client.retrieve(
        collection,
        engineRetrieve(request) as Body<'retrieve'>,
      )
      return inOrderOf(request.ids, (points as RawPoint[]).map(pointOf))
    })
  }

  count(collection: string, request: CountRequest, signal?: AbortSignal): Promise<number> {
    return this.#server.call(signal, async () => {
      const { count } = await this.#client.count(collection, engineCount(request) as Body<'count'>)
      return count
    })
  }

  facet(collection: string, request: FacetRequest, signal?: AbortSignal): Promise<FacetHit[]> {
    return this.#server.call(signal, async () => {
      const { hits } = await this.#client.facet(collection, engineFacet(request) as Body<'facet'>)
      return hits
    })
  }

  ping(signal?: AbortSignal): Promise<void> {
    return this.#server.call(signal, async () => {
      await this.#client.versionInfo()
    })
  }

  /** Connections are the client's, and end by themselves. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #describe(name: string): Promise<CollectionDescription | null> {
    const physical = await this.#physical(name)
    return physical === null
      ? null
      : describeServer(physical, await this.#client.getCollection(physical))
  }

  async #physical(name: string): Promise<string | null> {
    const target = (await this.#aliases())[name]
    if (target !== undefined) return target
    const { exists } = await this.#client.collectionExists(name)
    return exists ? name : null
  }

  async #assertThere(collection: string): Promise<void> {
    if ((await this.#physical(collection)) === null) throw noCollection(collection)
  }

  async #aliases(): Promise<Record<string, string>> {
    const { aliases } = await this.#client.getAliases()
    return Object.fromEntries(
      aliases.map(({ alias_name, collection_name }) => [alias_name, collection_name]),
    )
  }
}
