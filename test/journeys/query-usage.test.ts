import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { flushUsage } from '../../src/domain/query-usage/flush-usage.ts'
import { readFieldUsage, readShapeUsage } from '../../src/store/query-usage.ts'
import { openFilmNamespace, type FilmNamespace } from '../support/film-namespace.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** Each way in which a client reads by a field, over HTTP, and the shapes that are counted for it. */
const reads: { name: string; ask: (place: Place) => Promise<unknown>; shapes: string[] }[] = [
  {
    name: 'a filtered list',
    ask: ({ documents }) =>
      documents('POST', 'list', { filters: { f1: 'x' }, include_total: true }),
    shapes: ['list: f1 eq text'],
  },
  {
    name: 'a sorted list without a filter',
    ask: ({ documents }) => documents('POST', 'list', { sort: { field: 'f2', direction: 'asc' } }),
    shapes: ['sort: all, sort by f2'],
  },
  {
    name: 'a grouped list',
    ask: ({ documents }) => documents('POST', 'list', { filters: { f3: 1 }, group_by: 'year' }),
    shapes: ['group: f3 eq integer, group by year'],
  },
  {
    name: 'a change of what a filter matches',
    ask: ({ documents }) =>
      documents('PATCH', 'bulk', { filters: { f4: 1.5 }, update_data: { seen: true } }),
    shapes: ['bulk: f4 eq fraction'],
  },
  {
    name: 'a deletion of what a filter matches',
    ask: ({ documents }) => documents('DELETE', 'batch', { filters: { f5: true } }),
    shapes: ['bulk: f5 eq boolean'],
  },
  {
    name: 'stages of a retriever that end as one read',
    ask: ({ execute }) =>
      execute([
        { stage_id: 'attribute_filter', parameters: { field: 'f6', operator: 'gte', value: 1 } },
        { stage_id: 'sort_attribute', parameters: { field: 'f7' } },
      ]),
    shapes: ['sort: f6 gte integer, sort by f7'],
  },
  {
    name: 'a search, its filter and its facets',
    ask: ({ execute }) =>
      execute([
        {
          stage_id: 'feature_search',
          parameters: {
            searches: [{ feature_uri: 'own', query: [1, 2], top_k: 5, filters: { f8: 'x' } }],
            pre_filters: { field: 'f9', operator: 'gt', value: 1 },
            facets: ['year'],
            final_top_k: 5,
          },
        },
      ]),
    shapes: ['facet: f9 gt integer, facet by year', 'search by own: f8 eq text & f9 gt integer'],
  },
]

interface Place {
  documents: (method: string, path: string, body: object) => Promise<unknown>
  execute: (stages: object[]) => Promise<unknown>
}

describe('what clients read by', () => {
  let server: TestServer
  let films: FilmNamespace
  let place: Place
  before(async () => {
    server = await startTestServer()
    films = await openFilmNamespace(server.ports, { extracted: 3, byHand: 3 })
    const within = { 'x-namespace': films.namespace.id }
    const base = `/v1/collections/${films.collectionId}/documents`
    place = {
      documents: (method, path, body) => server.call(method, `${base}/${path}`, body, within),
      execute: (stages) =>
        server.call(
          'POST',
          '/v1/retrievers/execute',
          {
            collection_identifiers: [films.collectionId],
            stages: stages.map((config, i) => ({ stage_name: `stage ${i}`, config })),
          },
          within,
        ),
    }
  })
  after(() => server[Symbol.asyncDispose]())

  for (const { name, ask, shapes } of reads) {
    test(`${name} is recorded, once`, async () => {
      const before = await counts()
      await ask(place)
      const now = [...(await counts())]
      const came = now.filter(([shape, count]) => before.get(shape) !== count)

      assert.deepEqual(new Map(came), new Map(shapes.map((shape) => [shape, 1])))
    })
  }

  test('what Nacre reads for itself is not recorded', async () => {
    const before = await counts()
    const path = `/v1/namespaces/${films.namespace.id}`
    await server.call('GET', path)
    await server.call('POST', `${path}/plugins/reconfigure`, { confirm: true, dry_run: true })
    await place.documents('POST', 'list', {})

    assert.deepEqual(await counts(), before)
  })

  test('names of clients are kept beside the paths that they mean', async () => {
    await place.documents('POST', 'list', { filters: { 'metadata.genre': 'x' } })
    await flushUsage(server.ports)

    const fields = await readFieldUsage(server.ports.db, films.namespace.id, { since: new Date(0) })
    const genre = fields.find(({ path }) => path === 'genre')
    assert.deepEqual(
      [genre?.field, genre?.count, genre?.operators],
      ['metadata.genre', 1, { eq: 1 }],
    )
  })

  async function counts(): Promise<Map<string, number>> {
    await flushUsage(server.ports)
    const shapes = await readShapeUsage(server.ports.db, films.namespace.id, { since: new Date(0) })
    return new Map(shapes.map(({ shape, count }) => [shape, count]))
  }
})
