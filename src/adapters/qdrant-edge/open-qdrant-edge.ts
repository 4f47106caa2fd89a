import type { Shard } from '../../../edge/index.d.ts'
import { loadEdge } from '../../../edge/load.ts'
import type { Config } from '../../config.ts'
import { boundless, type DiskRoom } from '../../ports/disk-room.ts'
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
import { hasSameVectors, vectorNameConfig } from '../qdrant/collection-spec.ts'
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
import { untilAborted } from '../qdrant/until-aborted.ts'
import { Catalogue } from './catalogue.ts'
import { diskUsage } from './disk-usage.ts'
import { applyWrite } from './edge-write.ts'
import { fromJsonBytes, jsonBytes } from './json-bytes.ts'
import { OpenShards, type EdgeConfig } from './open-shards.ts'

export interface QdrantEdgeOptions {
  /** Ours alone: one process, one engine. */
  folder: string
  config: Pick<Config, EdgeConfig>
  room?: DiskRoom
  log: Logger
}

/**
 * Qdrant Edge in this process (design 1), with what it lacks against a server: aliases, background work,
 * a bound on open shards. Throws EdgeUnavailable where the addon cannot be loaded.
 */
export async function openQdrantEdge({
  folder,
  config,
  room = boundless,
  log,
}: QdrantEdgeOptions): Promise<VectorEngine> {
  const edge = loadEdge()
  const catalogue = await Catalogue.open(folder)
  const shards = new OpenShards(edge, catalogue, { config, room, log })
  return new QdrantEdge({ catalogue, shards, room, shardClass: edge.Shard })
}

interface Parts {
  catalogue: Catalogue
  shards: OpenShards
  room: DiskRoom
  shardClass: typeof Shard
}

class QdrantEdge implements VectorEngine {
  readonly kind = 'qdrant-edge'
  readonly #catalogue: Catalogue
  readonly #shards: OpenShards
  readonly #room: DiskRoom
  readonly #shardClass: typeof Shard

  constructor({ catalogue, shards, room, shardClass }: Parts) {
    this.#catalogue = catalogue
    this.#shards = shards
    this.#room = room
    this.#shardClass = shardClass
  }

  createCollection(name: string, spec: CollectionSpec, signal?: AbortSignal): Promise<void> {
    return this.#guarded(async () => {
      await this.#room.assertRoom()
      const isNew = await this.#catalogue.create(name, async (path) => {
        const shard = await this.#shardClass.create(path, jsonBytes(spec))
        await shard.close()
      })
      if (!isNew && !hasSameVectors(await this.#shards.describe(name), spec)) {
        throw new EngineRejection(`Collection \`${name}\` already exists with other vectors`)
      }
    }, signal)
  }

  dropCollection(name: string, signal?: AbortSignal): Promise<void> {
    return this.#guarded(async () => {
      // It is closed first, which writes.
      await this.#room.assertRoomToDelete()
      await this.#catalogue.drop(name, () => this.#shards.close(name))
    }, signal)
  }

  describeCollection(name: string, signal?: AbortSignal): Promise<CollectionDescription | null> {
    return this.#guarded(async () => {
      const found = this.#catalogue.find(name)
      return found === null ? null : this.#shards.describe(found)
    }, signal)
  }

  async listCollections(): Promise<string[]> {
    return this.#catalogue.names()
  }

  setAlias(alias: string, collection: string, signal?: AbortSignal): Promise<void> {
    return this.#guarded(() => this.#catalogue.setAlias(alias, collection), signal)
  }

  dropAlias(alias: string, signal?: AbortSignal): Promise<void> {
    return this.#guarded(() => this.#catalogue.dropAlias(alias), signal)
  }

  async listAliases(): Promise<Record<string, string>> {
    return this.#catalogue.aliases()
  }

  createVector(
    collection: string,
    name: string,
    spec: VectorSpec,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#changing(collection, signal, (shard) =>
      shard.createVectorName(name, jsonBytes(vectorNameConfig(spec))),
    )
  }

  dropVector(collection: string, name: string, signal?: AbortSignal): Promise<void> {
    return this.#freeing(collection, signal, (shard) => shard.dropVectorName(name))
  }

  createPayloadIndex(
    collection: string,
    field: string,
    schema: PayloadFieldSchema,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#changing(collection, signal, (shard) =>
      shard.createPayloadIndex(engineKey(field), jsonBytes(schema)),
    )
  }

  dropPayloadIndex(collection: string, field: string, signal?: AbortSignal): Promise<void> {
    return this.#freeing(collection, signal, (shard) => shard.dropPayloadIndex(engineKey(field)))
  }

  setHnsw(collection: string, hnsw: HnswConfig, signal?: AbortSignal): Promise<void> {
    return this.#changing(collection, signal, (shard) => shard.setHnsw(jsonBytes(hnsw)))
  }

  write(collection: string, write: Write, signal?: AbortSignal): Promise<void> {
    const change = (shard: Shard) => applyWrite(shard, write)
    return write.kind.startsWith('delete') || write.kind === 'clear_payload'
      ? this.#freeing(collection, signal, change)
      : this.#changing(collection, signal, change)
  }

  flush(collection: string, signal?: AbortSignal): Promise<void> {
    return this.#guarded(() => this.#shards.flush(this.#catalogue.resolve(collection)), signal)
  }

  optimize(collection: string, signal?: AbortSignal): Promise<boolean> {
    return this.#guarded(() => this.#shards.optimize(this.#catalogue.resolve(collection)), signal)
  }

  repairCollection(
    collection: string,
    spec: CollectionSpec,
    signal?: AbortSignal,
  ): Promise<RepairReport> {
    return this.#guarded(async () => {
      const name = this.#catalogue.resolve(collection)
      await this.#room.assertRoom(await diskUsage(this.#catalogue.folders.collectionPath(name)))
      return await this.#shards.repair(name, spec)
    }, signal)
  }

  query(collection: string, request: QueryRequest, signal?: AbortSignal): Promise<ScoredPoint[]> {
    return this.#on(collection, signal, async (shard) => {
      const vectors: Float32Array[] = []
      const body = jsonBytes(
        engineQuery(request, (vector) => ({ $vector: vectors.push(vector) - 1 })),
      )
      return fromJsonBytes<RawScored[]>(await shard.query(body, vectors)).map(scoredOf)
    })
  }

  queryGroups(
    collection: string,
    request: GroupsRequest,
    signal?: AbortSignal,
  ): Promise<PointGroup[]> {
    return this.#on(collection, signal, async (shard) => {
      const vectors: Float32Array[] = []
      const body = jsonBytes(
        engineGroups(request, (vector) => ({ $vector: vectors.push(vector) - 1 })),
      )
      return fromJsonBytes<RawGroup[]>(await shard.queryGroups(body, vectors)).map(groupOf)
    })
  }

  scroll(collection: string, request: ScrollRequest, signal?: AbortSignal): Promise<ScrollPage> {
    return this.#on(collection, signal, async (shard) => {
      const answer = await shard.scroll(jsonBytes(engineScroll(request)))
      const { points, next_page_offset } = fromJsonBytes<ScrollPage & { points: RawPoint[] }>(
        answer,
      )
      return { points: points.map(pointOf), next_page_offset: next_page_offset ?? null }
    })
  }

  retrieve(
    collection: string,
    request: RetrieveRequest,
    signal?: AbortSignal,
  ): Promise<EnginePoint[]> {
    return this.#on(collection, signal, async (shard) => {
      const answer = await shard.retrieve(jsonBytes(engineRetrieve(request)))
      return inOrderOf(request.ids, fromJsonBytes<RawPoint[]>(answer).map(pointOf))
    })
  }

  count(collection: string, request: CountRequest, signal?: AbortSignal): Promise<number> {
    return this.#guarded(async () => {
      const name = this.#catalogue.resolve(collection)
      const known = request.filter === undefined ? await this.#shards.countOfClosed(name) : null
      return (
        known ?? this.#shards.use(name, (shard) => shard.count(jsonBytes(engineCount(request))))
      )
    }, signal)
  }

  facet(collection: string, request: FacetRequest, signal?: AbortSignal): Promise<FacetHit[]> {
    return this.#on(collection, signal, async (shard) =>
      fromJsonBytes<FacetHit[]>(await shard.facet(jsonBytes(engineFacet(request)))),
    )
  }

  async ping(): Promise<void> {
    this.#shards.assertOpen()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shards[Symbol.asyncDispose]()
  }

  /** As `#on`, where the disk has room, and lets the housekeeping know; a failed change may have been made in part. */
  #changing(
    collection: string,
    signal: AbortSignal | undefined,
    change: (shard: Shard) => Promise<void>,
  ): Promise<void> {
    return this.#changed(collection, signal, () => this.#room.assertRoom(), change)
  }

  /** A change that makes room, if not at once. */
  #freeing(
    collection: string,
    signal: AbortSignal | undefined,
    change: (shard: Shard) => Promise<void>,
  ): Promise<void> {
    return this.#changed(collection, signal, () => this.#room.assertRoomToDelete(), change)
  }

  #changed(
    collection: string,
    signal: AbortSignal | undefined,
    assertRoom: () => Promise<void>,
    change: (shard: Shard) => Promise<void>,
  ): Promise<void> {
    return this.#guarded(async () => {
      await assertRoom()
      await this.#atHome(collection, (name) =>
        this.#shards.change(name, async (shard) => {
          try {
            await change(shard)
          } finally {
            this.#shards.touched(name)
          }
        }),
      )
    }, signal)
  }

  #on<T>(
    collection: string,
    signal: AbortSignal | undefined,
    run: (shard: Shard) => Promise<T>,
  ): Promise<T> {
    return this.#guarded(
      () => this.#atHome(collection, (name) => this.#shards.use(name, run)),
      signal,
    )
  }

  /** With the collection behind the alias; again where the alias moved on before its shard was there. */
  async #atHome<T>(collection: string, run: (name: string) => Promise<T>): Promise<T> {
    for (;;) {
      const name = this.#catalogue.resolve(collection)
      try {
        return await run(name)
      } catch (error) {
        if (!this.#hasMovedOn(collection, name)) throw error
      }
    }
  }

  #hasMovedOn(collection: string, name: string): boolean {
    const target = this.#catalogue.find(collection)
    return target !== null && target !== name && !this.#catalogue.names().includes(name)
  }

  #guarded<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return untilAborted(() => this.#shards.guarded(work), signal)
  }
}
