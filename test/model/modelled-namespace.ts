import assert from 'node:assert/strict'
import { changeFields } from '../../src/domain/documents/change-fields.ts'
import { deleteDocuments } from '../../src/domain/documents/delete-documents.ts'
import {
  extractedPointId,
  internalOf,
  type NewDocument,
} from '../../src/domain/documents/document.ts'
import { scanDocuments } from '../../src/domain/documents/read.ts'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import { generationOf } from '../../src/domain/documents/write-place.ts'
import { Failure } from '../../src/domain/failure.ts'
import type { Filter } from '../../src/domain/filters/filter.ts'
import { finishDeletion } from '../../src/domain/namespaces/delete-namespace.ts'
import { aliasOf, collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import { cancelFilling } from '../../src/domain/reconfiguration/cancel-reconfiguration.ts'
import { eraseGenerations } from '../../src/domain/reconfiguration/erase-generations.ts'
import { fillGeneration } from '../../src/domain/reconfiguration/fill-generation.ts'
import { reconfigure } from '../../src/domain/reconfiguration/reconfigure.ts'
import { undoReconfigure } from '../../src/domain/reconfiguration/undo-reconfigure.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { markNamespaceDeleting, readNamespaceById } from '../../src/store/namespaces.ts'
import { deleteObjects, insertObjects, replaceObject } from '../../src/store/objects.ts'
import { readBusyReconfiguration, readReconfigurations } from '../../src/store/reconfigurations.ts'
import { crashAt } from '../support/crash.ts'
import { openFilmNamespace, type FilmNamespace } from '../support/film-namespace.ts'
import { NamespaceModel, type ModelDocument, type ModelGeneration } from './namespace-model.ts'
import type { Death, Operation, Target } from './schedule.ts'

const never = new AbortController().signal

/** A real namespace, and beside it what it is to hold. */
export class ModelledNamespace implements AsyncDisposable {
  readonly #ports: Ports
  readonly #films: FilmNamespace
  readonly #tally: Map<string, number>
  #model = new NamespaceModel()
  #plugins = 0
  #isPartlyFilled = false

  constructor(ports: Ports, films: FilmNamespace, tally: Map<string, number>) {
    this.#ports = ports
    this.#films = films
    this.#tally = tally
  }

  /** `tally` counts what became of the larger steps: a model that nothing ever happens to says nothing. */
  static async open(ports: Ports, tally: Map<string, number>): Promise<ModelledNamespace> {
    const films = await openFilmNamespace(ports, { extracted: 0, byHand: 0 })
    return new ModelledNamespace(ports, films, tally)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { id } = this.#films.namespace
    await markNamespaceDeleting(this.#ports.db, id)
    await finishDeletion(this.#ports, id)
    assert.deepEqual(await this.#collections(), [], 'nothing is left of it in the engine')
  }

  async carryOut(operation: Operation): Promise<void> {
    switch (operation.op) {
      case 'object':
        await this.#putObject(operation.k, operation.year)
        return await this.#settleSource(operation.k)
      case 'drop_object':
        await this.#settleSource(operation.k)
        this.#model.objects.delete(operation.k)
        return await deleteObjects(this.#ports.db, [this.#objectId(operation.k)])
      case 'ingest':
        return await this.#ingest(operation.k)
      case 'create':
        return await this.#create(operation)
      case 'patch': {
        const id = this.#pointId(operation.target)
        const change = { kind: 'patch' as const, fields: { seen: operation.seen } }
        await changeFields(this.#ports, this.#films.namespace, [id], change)
        return this.#model.patch(id, change.fields)
      }
      case 'delete': {
        const id = this.#pointId(operation.target)
        await deleteDocuments(this.#ports, this.#films.namespace, { pointIds: [id] })
        return this.#model.delete((one) => one === id)
      }
      case 'delete_since': {
        const filter: Filter = {
          kind: 'leaf',
          field: 'year',
          operator: 'gte',
          value: operation.year,
          caseSensitive: null,
        }
        const selection = { filter, collectionIds: null }
        await deleteDocuments(this.#ports, this.#films.namespace, selection)
        return this.#model.delete((_, { fields }) => Number(fields['year']) >= operation.year)
      }
      case 'deploy':
        if (operation.replaces) await this.#undeploy(operation.vector)
        return await this.#deploy(operation.vector, operation.dimensions)
      case 'undeploy':
        return await this.#undeploy(operation.vector)
      case 'reconfigure':
        return await this.#reconfigure(operation)
      case 'fill':
        return await this.#fill(operation.death)
      case 'cancel':
        return await this.#cancel(operation.death)
      case 'undo':
        return await this.#undo(operation)
      case 'two_days':
        return await this.#twoDays(operation.death)
    }
  }

  /** Live, retained and coming generations hold what the model says; nothing else is in the engine. */
  async assertEqual(): Promise<void> {
    const live = await this.#live()
    await this.#assertGeneration(live, this.#model.live)
    const there = await this.#ports.vectors.describeCollection(aliasOf(live))
    assert.equal(there?.name, collectionOf(live), 'the alias names the live generation')
    const rows = await readReconfigurations(this.#ports.db, live.id, { states: ['retained'] })
    assert.equal(rows.length, this.#model.retained.length, 'generations retained')
    for (const [i, row] of rows.entries()) {
      const earlier = { generation: row.fromGeneration, vectors: row.vectorsBefore }
      const expected = this.#model.retained[i]
      if (expected) await this.#assertDocuments(generationOf(live, earlier), expected, 'retained')
    }
    const busy = await readBusyReconfiguration(this.#ports.db, live.id)
    assert.equal(busy?.state ?? null, this.#model.filling ? 'filling' : null)
  }

  /** To an end: what is being filled is filled, what is retained is erased, and nothing else is left. */
  async settle(): Promise<void> {
    while (this.#model.filling) await this.#fill(null)
    await this.#twoDays(null)
    await this.assertEqual()
    assert.deepEqual(await this.#collections(), [collectionOf(await this.#live())])
  }

  async #assertGeneration(live: Namespace, expected: ModelGeneration): Promise<void> {
    const sizes = Object.entries(live.vectors).map(([name, { dimensions }]) => [name, dimensions])
    assert.deepEqual(Object.fromEntries(sizes), expected.vectors, 'vectors of the row')
    const there = await this.#ports.vectors.describeCollection(collectionOf(live))
    const built = Object.entries(there?.vectors ?? {}).map(([name, { size }]) => [name, size])
    assert.deepEqual(Object.fromEntries(built), expected.vectors, 'vectors in the engine')
    const indexes = live.payloadIndexes.filter(({ state }) => state === 'active')
    assert.deepEqual(
      new Set(Object.keys(there?.payload_schema ?? {})),
      new Set(indexes.map(({ path }) => path)),
    )
    await this.#assertDocuments(live, expected, 'live')
  }

  async #assertDocuments(
    namespace: Namespace,
    { documents }: ModelGeneration,
    what: string,
  ): Promise<void> {
    const found: Record<string, unknown> = {}
    const scan = { filter: null, select: null, withVectors: true }
    for await (const page of scanDocuments(this.#ports, namespace, { collectionIds: null }, scan)) {
      for (const { pointId, payload, vectors } of page) {
        const { _internal: _, ...fields } = payload ?? {}
        const patch = internalOf(payload).patch ?? {}
        found[pointId] = { fields, patch, vectors: Object.keys(vectors ?? {}).toSorted() }
      }
    }
    const expected = [...documents].map(([id, { fields, patch, vectors }]) => [
      id,
      { fields, patch, vectors: Object.keys(vectors).toSorted() },
    ])
    assert.deepEqual(found, Object.fromEntries(expected), `documents of a ${what} generation`)
  }

  async #putObject(k: number, year: number): Promise<void> {
    const { namespace, bucketId } = this.#films
    const at = this.#ports.now()
    const object = {
      id: this.#objectId(k),
      namespaceId: namespace.id,
      bucketId,
      keyPrefix: null,
      uniqueValue: null,
      fields: { year },
      status: 'COMPLETED' as const,
      error: null,
      blobs: [],
      createdAt: at,
      updatedAt: at,
    }
    if (this.#model.objects.has(k)) await replaceObject(this.#ports.db, object)
    else await insertObjects(this.#ports.db, [object])
    this.#model.objects.set(k, year)
  }

  /** What a batch writes of an object. */
  async #ingest(k: number): Promise<void> {
    const year = this.#model.objects.get(k)
    if (year === undefined) return
    await this.#write({ kind: 'extracted', k }, { year }, {})
  }

  async #create({ k, year, vector }: Extract<Operation, { op: 'create' }>): Promise<void> {
    const size = vector === 'none' ? undefined : this.#model.live.vectors[vector]
    const vectors = size === undefined ? {} : { [vector]: size }
    await this.#write({ kind: 'created', k }, { year }, vectors)
  }

  async #write(
    target: Target,
    fields: Record<string, unknown>,
    vectors: Record<string, number>,
  ): Promise<void> {
    const { collectionId, bucketId, namespace } = this.#films
    const object = this.#objectId(target.k)
    const lineage = {
      root_object_id: object,
      root_bucket_id: bucketId,
      source_type: 'bucket' as const,
      source_object_id: object,
    }
    const values = Object.entries(vectors).map(([name, size]) => [
      name,
      new Float32Array(size).fill(1),
    ])
    const id = this.#pointId(target)
    const document: NewDocument = {
      id,
      collectionId,
      origin: target.kind === 'extracted' ? 'extracted' : 'api',
      fields,
      vectors: Object.fromEntries(values),
      ...(target.kind === 'extracted' && { lineage }),
    }
    const expected: Omit<ModelDocument, 'patch' | 'revision'> = { ...target, fields, vectors }
    const refusal = this.#model.write(id, expected)
    await this.#refused(refusal, () => writeDocuments(this.#ports, namespace, [document]))
  }

  async #deploy(vector: string, dimensions: number): Promise<void> {
    const name = `plugin_${vector}_${this.#plugins++}`
    const id = await this.#films.deploy(name, [{ name: vector, dimensions }])
    this.#model.deployed.push({ id, name, vector, dimensions })
  }

  async #undeploy(vector: string): Promise<void> {
    const i = this.#model.deployed.findIndex((one) => one.vector === vector)
    const [plugin] = i < 0 ? [] : this.#model.deployed.splice(i, 1)
    if (plugin) await this.#films.undeploy(plugin.id)
  }

  async #reconfigure({
    strategy,
    death,
  }: Extract<Operation, { op: 'reconfigure' }>): Promise<void> {
    const request = {
      confirm: true,
      dryRun: false,
      strategy: strategy === 'online' ? ('online' as const) : ('recreate' as const),
      isReprocess: strategy === 'reprocess',
    }
    const isRebound = await this.#isRebound()
    await this.#step(
      strategy,
      death,
      (model) => model[strategy](isRebound),
      async (ports) => reconfigure(ports, await this.#live(), request),
    )
  }

  /** Whether a vector that stays as it is has another plugin to fill it: of several the first by name. */
  async #isRebound(): Promise<boolean> {
    const { vectors } = await this.#live()
    const byName = this.#model.deployed.toSorted((a, b) => (`${a.name}_` < `${b.name}_` ? -1 : 1))
    return Object.values(vectors).some(({ name, dimensions, extractorId }) => {
      if (extractorId === null) return false
      const filler = byName.find(({ vector }) => vector === name)
      return filler?.dimensions === dimensions && !extractorId.startsWith(`${filler.name}_`)
    })
  }

  /**
   * A filling that died has passed some sources and not others. Whichever it was, a source that is ingested before and
   * after it changes makes one and the same document.
   */
  async #settleSource(k: number): Promise<void> {
    if (this.#model.filling && this.#isPartlyFilled && this.#model.objects.has(k))
      await this.#ingest(k)
  }

  /** One job of a filling, or all of them where it does not die. */
  async #fill(death: Death | null): Promise<void> {
    const busy = await readBusyReconfiguration(this.#ports.db, this.#films.namespace.id)
    if (busy?.state !== 'filling') return
    await this.#step(
      'fill',
      death,
      (model) => {
        model.filled()
        return null
      },
      async (ports) => {
        for (let i = 0; i < 20; i++) await fillGeneration(ports, busy.id, never)
      },
    )
    this.#isPartlyFilled = this.#model.filling !== null
  }

  async #cancel(death: Death | null): Promise<void> {
    const busy = await readBusyReconfiguration(this.#ports.db, this.#films.namespace.id)
    await this.#step(
      'cancel',
      death,
      (model) => {
        model.cancelled()
        return null
      },
      (ports) => cancelFilling(ports, busy?.taskId ?? 'task_none'),
    )
  }

  async #undo({ discard, death }: Extract<Operation, { op: 'undo' }>): Promise<void> {
    await this.#step(
      'undo',
      death,
      (model) => model.undo(discard),
      async (ports) => undoReconfigure(ports, await this.#live(), { discardWrites: discard }),
    )
  }

  async #twoDays(death: Death | null): Promise<void> {
    const { id } = this.#films.namespace
    const later = (ports: Ports) => ({ ...ports, now: () => new Date(Date.now() + 2 * 86_400_000) })
    if (death) await crashAt(this.#ports, death, (mortal) => eraseGenerations(later(mortal), id))
    // Marked first, and erased once no read can be under way.
    for (let i = 0; i < 2; i++) await eraseGenerations(later(this.#ports), id)
    this.#model.retained = []
  }

  /** Carries it out on both. Where it dies, its recovery ends with all of it or with nothing of it. */
  async #step(
    name: string,
    death: Death | null,
    expect: (model: NamespaceModel) => string | null,
    work: (ports: Ports) => Promise<unknown>,
  ): Promise<void> {
    const after = this.#model.clone()
    const refusal = expect(after)
    if (!death) {
      await this.#refused(refusal, () => work(this.#ports))
      this.#count(name, refusal ?? 'done', after)
      if (refusal === null) this.#model = after
      return
    }
    // Another process would wait for the share that this one's last write has left.
    await this.#ports.leases.exclusive(this.#films.namespace.id, 'giving it back', async () => {})
    const outcome = await crashAt(this.#ports, death, work)
    await this.#assertReadable()
    await convergeNamespace(this.#ports, this.#films.namespace.id)
    if (outcome.died === null) await this.#refused(refusal, () => outcome.result)
    const isDone = refusal === null && (await this.#isAs(after))
    this.#count(name, outcome.died ? (isDone ? 'died, done' : 'died, undone') : 'done', after)
    if (isDone) this.#model = after
    else assert.ok(outcome.died !== null || refusal !== null, 'what was answered is done')
  }

  #count(name: string, end: string, after: NamespaceModel): void {
    const isNothing = JSON.stringify(after.shape()) === JSON.stringify(this.#model.shape())
    const key = `${name}: ${isNothing && end === 'done' ? 'nothing to do' : end}`
    this.#tally.set(key, (this.#tally.get(key) ?? 0) + 1)
  }

  /** Told apart by what no two states have in common: the generation, its vectors, what is under way. */
  async #isAs(model: NamespaceModel): Promise<boolean> {
    const live = await this.#live()
    const busy = await readBusyReconfiguration(this.#ports.db, live.id)
    const rows = await readReconfigurations(this.#ports.db, live.id, { states: ['retained'] })
    return (
      (busy?.state === 'filling') === (model.filling !== null) &&
      rows.length === model.retained.length &&
      Object.keys(live.vectors).length === Object.keys(model.live.vectors).length &&
      Object.entries(live.vectors).every(
        ([name, { dimensions }]) => model.live.vectors[name] === dimensions,
      )
    )
  }

  /** Before anything was recovered: reads go on. */
  async #assertReadable(): Promise<void> {
    const live = await this.#live()
    const scan = { filter: null, select: null, withVectors: true }
    for await (const _ of scanDocuments(this.#ports, live, { collectionIds: null }, scan));
  }

  async #refused(refusal: string | null, work: () => Promise<unknown>): Promise<void> {
    if (refusal === null) return void (await work())
    await assert.rejects(
      work,
      (error) => error instanceof Failure && error.kind === 'conflict',
      `it is refused: ${refusal}`,
    )
  }

  async #live(): Promise<Namespace> {
    const live = await readNamespaceById(this.#ports.db, this.#films.namespace.id)
    assert.ok(live)
    return live
  }

  async #collections(): Promise<string[]> {
    const all = await this.#ports.vectors.listCollections()
    return all.filter((name) => name.startsWith(`${this.#films.namespace.id}_g`))
  }

  #objectId(k: number): string {
    return `obj_${this.#films.namespace.id.slice(3)}${k}`
  }

  #pointId({ kind, k }: Target): string {
    const { collectionId } = this.#films
    const extractorId = 'passthrough_extractor_v1'
    const sourceKey = kind === 'extracted' ? this.#objectId(k) : `created ${k}`
    return extractedPointId({ collectionId, sourceKey, extractorId, position: [] })
  }
}
