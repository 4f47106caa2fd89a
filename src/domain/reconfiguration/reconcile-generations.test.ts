import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Ports } from '../../ports/ports.ts'
import { collectionSpec } from '../namespaces/merge-vectors.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { openFilmNamespace, type FilmNamespace } from '../../../test/support/film-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { carryDocuments } from '../documents/carry-documents.ts'
import { changeFields } from '../documents/change-fields.ts'
import type { DocumentRecord } from '../documents/document.ts'
import { scanDocuments } from '../documents/read.ts'
import { generationOf } from '../documents/write-place.ts'
import { reconcileGenerations } from './reconcile-generations.ts'

describe('reconcileGenerations()', () => {
  let ports: Ports & AsyncDisposable
  before(async () => {
    ports = await openTestPorts()
  })
  after(() => ports[Symbol.asyncDispose]())

  test('finds nothing to mend where both hold the same', async () => {
    const { films, coming } = await copied()

    assert.deepEqual(await reconcileGenerations(ports, films.namespace, coming), {
      carried: 0,
      dropped: 0,
      repatched: 0,
    })
  })

  test('mends what is missing, too much, or older, and changes that users have made since', async () => {
    const { films, coming } = await copied()
    const [missing = '', older = '', ...others] = films.byHand
    const [made = '', patchedOne = ''] = films.extracted
    const extra = randomUUID()
    await erase(coming, [missing, made])
    await changeFields(ports, films.namespace, [older, patchedOne], {
      kind: 'patch',
      fields: { seen: true },
    })
    await ports.vectors.write(collectionOf(coming), {
      kind: 'upsert',
      points: [{ id: extra, payload: { _internal: { origin: 'api' } }, vectors: {} }],
    })

    const mended = await reconcileGenerations(ports, films.namespace, coming)

    // An extracted document that is older than the live one is copied whole, its change with it.
    assert.deepEqual(mended, { carried: 4, dropped: 1, repatched: 0 })
    assert.deepEqual(await contents(coming), await contents(films.namespace))
    assert.ok(others.length > 0)
  })

  test('what its source only now makes stays, what it makes no more goes', async () => {
    const { films, coming } = await copied()
    const [first = ''] = films.extracted
    const record = (await records(coming)).find(({ pointId }) => pointId === first)
    const position = { id: randomUUID(), payload: record?.payload ?? {}, vectors: {} }
    await ports.vectors.write(collectionOf(coming), { kind: 'upsert', points: [position] })
    await erase(coming, [first])

    const mended = await reconcileGenerations(ports, films.namespace, coming)

    assert.deepEqual(mended, { carried: 0, dropped: 0, repatched: 0 })
    const ids = (await records(coming)).map(({ pointId }) => pointId)
    assert.ok(ids.includes(position.id))
    assert.ok(!ids.includes(first))
  })

  test('a change that only one of them has is applied to the one that was made again since', async () => {
    const { films, coming } = await copied()
    const [first = ''] = films.extracted
    await changeFields(ports, films.namespace, [first], { kind: 'patch', fields: { seen: true } })
    const record = (await records(coming)).find(({ pointId }) => pointId === first)
    const { _internal, ...fields } = record?.payload ?? {}
    const made = { ...Object(_internal), updated_at: '2999-01-01T00:00:00.000Z' }
    await ports.vectors.write(collectionOf(coming), {
      kind: 'upsert',
      points: [{ id: first, payload: { ...fields, year: 3000, _internal: made }, vectors: {} }],
    })

    const mended = await reconcileGenerations(ports, films.namespace, coming)

    assert.deepEqual(mended, { carried: 0, dropped: 0, repatched: 1 })
    assert.deepEqual((await contents(coming))[first], { year: 3000, seen: true })
  })

  async function copied(): Promise<{ films: FilmNamespace; coming: Namespace }> {
    const films = await openFilmNamespace(ports, { extracted: 4, byHand: 4 })
    const { namespace } = films
    const coming = generationOf(namespace, { generation: 2, vectors: namespace.vectors })
    await ports.vectors.createCollection(collectionOf(coming), collectionSpec(coming.vectors))
    await carryDocuments(ports, namespace, coming, [...films.byHand, ...films.extracted])
    return { films, coming }
  }

  async function erase(coming: Namespace, points: string[]): Promise<void> {
    await ports.vectors.write(collectionOf(coming), { kind: 'delete', selection: { points } })
  }

  async function records(namespace: Namespace): Promise<DocumentRecord[]> {
    const found: DocumentRecord[] = []
    const scan = { filter: null, select: null, withVectors: true }
    for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan))
      found.push(...page)
    return found
  }

  async function contents(namespace: Namespace): Promise<Record<string, unknown>> {
    const all = (await records(namespace)).map(({ pointId, payload }) => {
      const { _internal: _, ...fields } = payload ?? {}
      return [pointId, fields]
    })
    return Object.fromEntries(all)
  }
})
