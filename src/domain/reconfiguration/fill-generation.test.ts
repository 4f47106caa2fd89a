import { fronted } from '../../../test/support/fronted.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readReconfiguration, takeReconfiguration } from '../../store/reconfigurations.ts'
import { openFilmNamespace, type FilmNamespace } from '../../../test/support/film-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { changeFields } from '../documents/change-fields.ts'
import { deleteDocuments } from '../documents/delete-documents.ts'
import type { NewDocument } from '../documents/document.ts'
import { scanDocuments } from '../documents/read.ts'
import { writeDocuments } from '../documents/write.ts'
import { generationOf } from '../documents/write-place.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { findTask } from '../tasks/find-task.ts'
import { fillGeneration } from './fill-generation.ts'
import { reconfigure } from './reconfigure.ts'
import type { Reconfiguration } from './reconfiguration.ts'

const never = new AbortController().signal

describe('fillGeneration()', () => {
  let ports: Ports & AsyncDisposable
  before(async () => {
    ports = await openTestPorts()
  })
  after(() => ports[Symbol.asyncDispose]())

  test('until it ends the live generation answers, and then the new one, with the same documents', async () => {
    const { films, filling } = await begun({ extracted: 5, byHand: 3 })
    const before = await contents(films.namespace)
    assert.equal((await live(films)).generation, 1)

    await filled(filling)

    const now = await live(films)
    assert.equal(now.generation, filling.toGeneration)
    assert.deepEqual(Object.keys(now.vectors).toSorted(), ['hash', 'own'])
    assert.deepEqual(await contents(now), before)
  })

  test('who comes meanwhile is told which it is, and how to cancel it', async () => {
    const { films, filling } = await begun({ extracted: 1, byHand: 1 })

    await assert.rejects(
      reconfigure(ports, films.namespace, { ...request, strategy: 'online' }),
      (error) =>
        isFailure(error, 'conflict') &&
        error.message.includes(filling.id) &&
        error.detail.hint ===
          `Wait for its task, or cancel it: DELETE /v1/tasks/${filling.taskId}.`,
    )
  })

  test('cancelled, it leaves everything as it was, and its job has nothing left to do', async () => {
    const { films, filling } = await begun({ extracted: 2, byHand: 2 })
    const { organizationId } = films.namespace
    const before = await contents(films.namespace)

    await cancelTask(ports, organizationId, filling.taskId ?? '')
    await fillGeneration(ports, filling.id, never)

    const task = await findTask(ports, organizationId, filling.taskId ?? '')
    assert.deepEqual([task.status, task.error], ['CANCELED', 'It was cancelled.'])
    assert.equal((await readReconfiguration(ports.db, filling.id))?.state, 'cancelled')
    assert.deepEqual(await contents(await live(films)), before)
    assert.deepEqual(await collectionsOf(films), [`${films.namespace.id}_g1`])
    await writeDocuments(ports, films.namespace, [document(films, 'after')])
    const { isChanged } = await reconfigure(ports, await live(films), {
      ...request,
      strategy: 'recreate',
    })
    assert.ok(isChanged, 'and another can begin')
  })

  test('writes, patches and deletions of the meantime are in both generations', async () => {
    const { films, filling } = await begun({ extracted: 4, byHand: 4 })
    const [patchedOne = '', deletedOne = ''] = films.extracted
    const [changedOne = '', goneOne = ''] = films.byHand
    const made = document(films, 'meanwhile')

    await writeDocuments(ports, films.namespace, [made])
    await changeFields(ports, films.namespace, [patchedOne, changedOne], patch({ seen: true }))
    await deleteDocuments(ports, films.namespace, { pointIds: [deletedOne, goneOne] })
    const before = await contents(films.namespace)
    await filled(filling)

    const now = await live(films)
    assert.deepEqual(await contents(now), before)
    assert.equal(Object.keys(before).length, 7)
    assert.deepEqual(before[patchedOne], { seen: true, year: before[patchedOne]?.['year'] })
    assert.ok(before[made.id])
  })

  test('whatever changes between the look and the write of a chunk, the change stands', async () => {
    const { films, filling } = await begun({ extracted: 6, byHand: 2 })
    const [patchedOne = '', deletedOne = '', rewritten = ''] = films.extracted
    const [changedOne = '', goneOne = ''] = films.byHand
    let times = 0
    // Each time documents of the coming generation are about to be written, somebody writes the live ones.
    const racing = beforeWrites(ports, `_g${filling.toGeneration}`, async () => {
      if (times++ > 8) return
      await changeFields(ports, films.namespace, [patchedOne, changedOne], patch({ times }))
      await deleteDocuments(ports, films.namespace, { pointIds: [deletedOne, goneOne] })
      await writeDocuments(ports, films.namespace, [
        {
          ...document(films, `race ${times}`),
          id: rewritten,
          origin: 'extracted',
          lineage: lineageOf(films, rewritten),
        },
      ])
    })

    await filled(filling, racing)

    const before = await contents(
      generationOf(await live(films), { generation: 1, vectors: films.namespace.vectors }),
    )
    const now = await contents(await live(films))
    assert.ok(times > 2, `${times} races`)
    assert.equal(now[deletedOne], undefined)
    assert.equal(now[goneOne], undefined)
    assert.deepEqual(Object.keys(now), Object.keys(before))
    assert.deepEqual(now[patchedOne], before[patchedOne])
    assert.deepEqual(now[changedOne], before[changedOne])
  })

  test('a job that was taken over writes nothing more', async () => {
    const { films, filling } = await begun({ extracted: 3, byHand: 1 })
    let isTaken = false
    const late = beforeWrites(ports, `_g${filling.toGeneration}`, async () => {
      if (isTaken) assert.fail('it wrote')
    })
    const slow = afterExtraction(late, async () => {
      await takeReconfiguration(ports.db, filling.id, ['filling'])
      isTaken = true
    })

    await fillGeneration(slow, filling.id, never)

    assert.ok(isTaken)
    assert.equal((await readReconfiguration(ports.db, filling.id))?.state, 'filling')
    await filled(filling)
    assert.equal((await live(films)).generation, filling.toGeneration)
  })

  test('a source that cannot be made again keeps its documents, and the task says why', async () => {
    const { films, filling } = await begun({ extracted: 3, byHand: 0 })
    const [bad = ''] = films.objectIds
    const failing = withExtractor(ports, (key) => key === bad)

    await filled(filling, failing)

    const task = await findTask(ports, films.namespace.organizationId, filling.taskId ?? '')
    assert.equal(task.status, 'COMPLETED_WITH_ERRORS')
    assert.deepEqual(task.additionalData['reasons'], ['it does not want to'])
    assert.deepEqual([task.additionalData['filled'], task.additionalData['failed']], [2, 1])
    assert.equal(Object.keys(await contents(await live(films))).length, 3)
  })

  test('where nothing at all can be made again, the live generation stays', async () => {
    const { films, filling } = await begun({ extracted: 3, byHand: 1 })

    await filled(
      filling,
      withExtractor(ports, () => true),
    )

    const task = await findTask(ports, films.namespace.organizationId, filling.taskId ?? '')
    assert.equal(task.status, 'FAILED')
    assert.match(task.error ?? '', /None of 3 sources .* it does not want to/)
    assert.equal((await live(films)).generation, 1)
    assert.deepEqual(await collectionsOf(films), [`${films.namespace.id}_g1`])
  })

  async function begun(counts: { extracted: number; byHand: number }): Promise<{
    films: FilmNamespace
    filling: Reconfiguration
  }> {
    const films = await openFilmNamespace(ports, counts)
    await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
    const reprocess = { ...request, strategy: 'recreate', isReprocess: true } as const
    const { reconfiguration } = await reconfigure(ports, films.namespace, reprocess)
    assert.ok(reconfiguration)
    assert.equal(reconfiguration.state, 'filling')
    return { films, filling: reconfiguration }
  }

  /** As the worker would: one job after the other, until there is nothing to do. */
  async function filled({ id }: Reconfiguration, with_: Ports = ports): Promise<void> {
    for (let i = 0; i < 100; i++) {
      await fillGeneration(with_, id, never)
      if ((await readReconfiguration(ports.db, id))?.state !== 'filling') return
    }
    assert.fail('it does not end')
  }

  async function live({ namespace }: FilmNamespace): Promise<Namespace> {
    const now = await readNamespaceById(ports.db, namespace.id)
    assert.ok(now)
    return now
  }

  /** Point → its own fields. */
  async function contents(namespace: Namespace): Promise<Record<string, Record<string, unknown>>> {
    const found: Record<string, Record<string, unknown>> = {}
    const scan = { filter: null, select: null, withVectors: false }
    for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan)) {
      for (const { pointId, payload } of page) {
        const { _internal: _, ...fields } = payload ?? {}
        found[pointId] = fields
      }
    }
    return found
  }

  async function collectionsOf({ namespace }: FilmNamespace): Promise<string[]> {
    const all = await ports.vectors.listCollections()
    return all.filter((name) => name.startsWith(`${namespace.id}_g`))
  }
})

const request = { confirm: true, dryRun: false, isReprocess: false }

function patch(fields: Record<string, unknown>) {
  return { kind: 'patch' as const, fields }
}

function document({ collectionId }: FilmNamespace, title: string): NewDocument {
  return { id: randomUUID(), collectionId, origin: 'api', fields: { title }, vectors: {} }
}

function lineageOf(films: FilmNamespace, pointId: string) {
  const object = films.objectIds[films.objectPoints.indexOf(pointId)] ?? ''
  return {
    root_object_id: object,
    root_bucket_id: films.bucketId,
    source_type: 'bucket' as const,
    source_object_id: object,
  }
}

/** The real ports, but that something happens before each upsert into a generation. */
function beforeWrites(ports: Ports, suffix: string, race: () => Promise<void>): Ports {
  let isRacing = false
  const vectors = fronted(ports.vectors, {
    async write(collection, ...given) {
      if (collection.endsWith(suffix) && !isRacing) {
        isRacing = true
        await race().finally(() => (isRacing = false))
      }
      await ports.vectors.write(collection, ...given)
    },
  })
  return { ...ports, vectors }
}

function afterExtraction(ports: Ports, then: () => Promise<void>): Ports {
  const extractors: Ports['extractors'] = {
    async extract(asked, signal) {
      const rows = await ports.extractors.extract(asked, signal)
      await then()
      return rows
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { ...ports, extractors }
}

/** Fails some rows, as an extractor does that cannot read them. */
function withExtractor(ports: Ports, fails: (key: string) => boolean): Ports {
  const extractors: Ports['extractors'] = {
    async extract(asked, signal) {
      const rows = await ports.extractors.extract(asked, signal)
      const failure = { type: 'runtime' as const, message: 'it does not want to' }
      return rows.map((row) => (fails(row.key) ? { key: row.key, failure } : row))
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { ...ports, extractors }
}
