import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import type { Ports } from '../../ports/ports.ts'
import { insertCollection } from '../../store/collections.ts'
import { documentIdOf } from '../documents/document.ts'
import { writeDocuments } from '../documents/write.ts'
import { textVectorName } from '../extractors/text-extractor.ts'
import { isFailure } from '../failure.ts'
import { createNamespace } from '../namespaces/create-namespace.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { ensureFirstKey } from '../organizations/ensure-first-key.ts'
import { createRetriever } from './create-retriever.ts'
import type { RetrieverSpec } from './create-retriever.ts'
import { executeRetriever } from './execute-retriever.ts'
import type { ExecuteRequest, Execution } from './execute-retriever.ts'
import { flushExecutions } from './execution-log.ts'
import { findRunnable } from './find-retriever.ts'

const animals = [
  { id: '', text: 'A dog is a loyal animal that barks.', category: 'animal', year: 2001 },
  { id: '', text: 'The cat sleeps on the warm sofa.', category: 'animal', year: 2003 },
  { id: '', text: 'Horses run across the field.', category: 'animal', year: 2002 },
  { id: '', text: 'The tax on income is due in April.', category: 'money', year: 2004 },
  { id: '', text: 'Banks lend money against interest.', category: 'money', year: null },
]

let ports: Ports & AsyncDisposable
let namespace: Namespace
const collections = { texts: '', others: '' }

before(async () => {
  ports = await openTestPorts()
  await ensureFirstKey(ports, { adminKey: null })
  const { id: organizationId, internal_id: internalId } = await ports.db
    .selectFrom('organizations')
    .selectAll()
    .executeTakeFirstOrThrow()
  const principal = {
    organizationId,
    internalId,
    userId: '',
    keyId: '',
    permissions: ['admin' as const],
    scopes: [],
  }
  namespace = await createNamespace(ports, principal, {
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
  })
  collections.texts = await addCollection('texts')
  collections.others = await addCollection('others')
  const vectors = await ports.embedder.embed(
    'bundled',
    animals.map(({ text }) => text),
    'batch',
  )
  const documents = animals.map(({ text, category, year }, i) => {
    const vector = vectors[i]
    assert.ok(vector instanceof Float32Array)
    const id = randomUUID()
    Object.assign(animals[i] ?? {}, { id: documentIdOf(id) })
    return {
      id,
      collectionId: i === 2 ? collections.others : collections.texts,
      origin: 'api' as const,
      fields: { text, category, year },
      vectors: { [textVectorName]: vector },
    }
  })
  const bare = {
    id: randomUUID(),
    collectionId: collections.texts,
    origin: 'api' as const,
    vectors: {},
  }
  await writeDocuments(ports, namespace, [...documents, { ...bare, fields: { category: 'none' } }])
})
after(() => ports[Symbol.asyncDispose]())

const search = {
  stage_name: 'search',
  config: {
    stage_id: 'feature_search',
    parameters: {
      searches: [
        {
          feature_uri: 'mixpeek://text_extractor@v1/multilingual_e5_large_instruct_v1',
          query: { input_mode: 'text', value: '{{INPUT.query}}' },
          top_k: 10,
        },
      ],
      final_top_k: 3,
    },
  },
}

describe('feature_search', () => {
  test('finds what is meant, best first, with scores, in every documented shape', async () => {
    const uri = 'mixpeek://text_extractor@v1/text_embedding'
    const query = '{{INPUT.query}}'
    const shapes: unknown[] = [
      search,
      {
        stage_type: 'filter',
        stage_id: 'feature_search',
        parameters: { feature_uri: uri, input: { text: query }, limit: 3 },
      },
      {
        stage_name: 'knn_search',
        version: 'v1',
        parameters: { feature_address: uri, query, top_k: 3 },
      },
      { type: 'feature_search', feature_extractor: { type: 'text' }, query, limit: 3 },
      {
        stage_id: 'semantic_search',
        parameters: { feature_uris: [{ uri, input: { text: query } }], limit: 3 },
      },
      {
        stage_name: 's',
        config: { stage_name: 'feature_search', parameters: { query, final_top_k: 3 } },
      },
    ]

    for (const shape of shapes) {
      const { results, error } = await run([shape], { inputs: { query: 'a puppy', undeclared: 1 } })

      assert.equal(error, null)
      assert.equal(results.documents[0]?.payload?.['text'], animals[0]?.text, JSON.stringify(shape))
      const scores = results.documents.map(({ score }) => score ?? 0)
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      )
    }
  })

  test('pre_filters, filters of one search and filters of the request all hold', async () => {
    const filter = { AND: [{ field: 'category', operator: 'eq', value: '{{INPUT.category}}' }] }
    const withPre = { ...search, config: { ...search.config, pre_filters: filter } }
    const withOwn = inSearch({ filters: { category: '{{INPUT.category}}' } })

    for (const stage of [withPre, withOwn]) {
      const { results } = await run([stage], { inputs: { query: 'a puppy', category: 'money' } })
      assert.deepEqual(categoriesOf(results), ['money', 'money'])
    }
    const { results } = await run([search], {
      inputs: { query: 'a puppy' },
      filters: { category: 'money' },
    })
    assert.deepEqual(categoriesOf(results), ['money', 'money'])
  })

  test('several searches are fused, and a search may have collections of its own', async () => {
    const one = search.config.parameters.searches[0]
    const two = { ...one, query: 'income tax', collection_identifiers: ['texts'] }
    const fused = {
      ...search,
      config: {
        ...search.config,
        parameters: { searches: [one, two], final_top_k: 5, fusion: 'rrf' },
      },
    }
    const own = inSearch({ collection_identifiers: ['others'] })

    const both = await run([fused], { inputs: { query: 'a puppy' } })
    const horses = await run([own], { inputs: { query: 'a puppy' } })

    assert.equal(both.results.documents.length, 5)
    const firstTwo = both.results.documents.slice(0, 2).map(({ payload }) => payload?.['text'])
    assert.deepEqual(new Set(firstTwo), new Set([animals[0]?.text, animals[3]?.text]))
    assert.deepEqual(
      horses.results.documents.map(({ payload }) => payload?.['text']),
      [animals[2]?.text],
    )
  })

  test('weighted and max fusion rank by the scores of the searches', async () => {
    const [one] = search.config.parameters.searches
    const two = { ...one, query: 'income tax' }
    const inputs = { query: 'a puppy' }
    const alone = async (own: object) =>
      new Map(
        (await run([inSearch(own)], { inputs })).results.documents.map(
          ({ documentId, score }) => [documentId, score ?? 0] as const,
        ),
      )
    const fused = async (fusion: string, weights: [number, number]) => {
      const searches = [one, two].map((each, i) => ({ ...each, weight: weights[i] }))
      const parameters = { searches, final_top_k: 5, fusion }
      return (await run([{ stage_id: 'feature_search', parameters }], { inputs })).results.documents
    }
    const [puppy, tax] = [await alone({}), await alone({ query: two.query })]

    const weighted = await fused('weighted', [0.25, 1])
    const most = await fused('max', [0.25, 1])
    const first = await fused('weighted', [1, 0])

    for (const { documentId, score } of most.slice(0, 2)) {
      const wanted = Math.max(puppy.get(documentId) ?? -9, tax.get(documentId) ?? -9)
      assert.ok(Math.abs((score ?? 0) - wanted) < 1e-6)
    }
    assert.equal(weighted[0]?.payload?.['text'], animals[3]?.text)
    assert.equal(first[0]?.payload?.['text'], animals[0]?.text)
  })

  test('group_by answers the best groups, each with its best documents', async () => {
    const grouped = (group_by: unknown, searches: unknown = search.config.parameters.searches) => [
      { stage_id: 'feature_search', parameters: { searches, group_by } },
    ]
    const inputs = { query: 'a puppy' }

    const one = await run(grouped('category'), { inputs })
    const all = await run(grouped({ field: 'category', max_per_group: 3 }), { inputs })
    const first = await run(grouped({ field: 'category', group_size: 3, output_mode: 'first' }), {
      inputs,
    })
    const listed = await run(
      [
        {
          stage_id: 'feature_search',
          parameters: {
            pre_filters: { field: 'text', operator: 'exists', value: true },
            group_by: { field: 'category', max_per_group: 2 },
          },
        },
      ],
      {},
    )

    assert.deepEqual(categoriesOf(one.results), ['animal', 'money'])
    assert.deepEqual(categoriesOf(all.results), ['animal', 'animal', 'animal', 'money', 'money'])
    assert.deepEqual(categoriesOf(first.results), ['animal', 'money'])
    assert.deepEqual(categoriesOf(listed.results), ['animal', 'animal', 'money', 'money'])
    assert.deepEqual(
      listed.results.documents.map(({ group }) => group?.count),
      [3, 3, 2, 2],
    )
    assert.equal(one.results.documents[0]?.payload?.['text'], animals[0]?.text)
    assert.equal(one.statistics['feature_search']?.metadata?.['groups_found'], 2)
  })

  test('a vector and a document are queries too', async () => {
    const [dog] = await ports.embedder.embed('bundled', ['a puppy'], 'query')
    assert.ok(dog instanceof Float32Array)
    const vector = inSearch({ query: { input_mode: 'vector', value: '{{INPUT.v}}' } })
    const reference = { collection_id: 'texts', document_id: animals[3]?.id }
    const document = inSearch({ query: { input_mode: 'document', document_ref: reference } })

    const plain = inSearch({ query: '{{INPUT.v}}' })

    const byVector = await run([vector], { inputs: { v: [...dog] } })
    const byPlain = await run([plain], { inputs: { v: [...dog] } })
    const byDocument = await run([document], {})

    assert.equal(byVector.results.documents[0]?.payload?.['text'], animals[0]?.text)
    assert.deepEqual(byPlain.results.documents, byVector.results.documents)
    assert.equal(byDocument.results.documents[0]?.payload?.['text'], animals[3]?.text)
  })

  test('422 for a query that means nothing to the vector, at its place', async () => {
    const wrong: [unknown, ExecuteRequest, RegExp][] = [
      [search, { inputs: { query: '' } }, /query is empty/],
      [search, { inputs: { query: '我喜欢吃苹果' } }, /EMBEDDING_MODEL/],
      [search, { inputs: { query: 5 } }, /expected string/],
      [search, {}, /needs the input 'query'/],
      [inSearch({ query: { input_mode: 'vector', value: [1, 2] } }), {}, /has 2 dimensions/],
      [
        inSearch({ query: { input_mode: 'document', document_ref: { document_id: 'doc_x' } } }),
        {},
        /no document 'doc_x'/,
      ],
    ]
    for (const [stage, request, message] of wrong) {
      await assert.rejects(
        run([stage], request),
        (error) => isFailure(error, 'request_invalid') && message.test(error.message),
      )
    }
  })

  test("on_empty: 'skip' leaves an empty search out", async () => {
    const { results } = await run([inSearch({ on_empty: 'skip' })], { inputs: { query: ' ' } })

    assert.deepEqual(results.documents, [])
  })

  test("on_empty: 'random' answers documents all the same", async () => {
    const { results } = await run([inSearch({ on_empty: 'random' })], { inputs: { query: ' ' } })

    assert.equal(results.documents.length, 3)
  })

  test('without searches it lists what the pre_filters let through', async () => {
    const stage = {
      stage_id: 'feature_search',
      parameters: { searches: [], pre_filters: { category: 'animal' } },
    }

    const { results } = await run([stage], {})

    assert.deepEqual(categoriesOf(results), ['animal', 'animal', 'animal'])
  })
})

describe('stages together', () => {
  test('attribute_filter before a search narrows the search, after it its results', async () => {
    const filter = {
      stage_id: 'attribute_filter',
      parameters: { field: 'metadata.category', operator: 'eq', value: 'money' },
    }

    const before = await run([filter, search], { inputs: { query: 'a puppy' } })
    const after = await run([search, filter], { inputs: { query: 'income tax' } })

    assert.deepEqual(categoriesOf(before.results), ['money', 'money'])
    assert.ok(categoriesOf(after.results).every((category) => category === 'money'))
    assert.equal(before.statistics['attribute_filter']?.metadata?.['pushed_down'], true)
    assert.equal(before.statistics['search']?.output_count, 2)
  })

  test('attribute_filter alone sees every document, page by page', async () => {
    const filter = {
      stage_id: 'attribute_filter',
      parameters: { conditions: { OR: [{ category: 'animal' }, { category: 'money' }] } },
    }

    const first = await run([filter], { pagination: { limit: 3 } })
    const second = await run([filter], {
      pagination: { method: 'cursor', limit: 3, cursor: first.results.nextCursor },
    })
    const third = await run([filter], { pagination: { page_size: 2, page_number: 3 } })

    const ids = [...first.results.documents, ...second.results.documents].map(
      ({ documentId }) => documentId,
    )
    assert.deepEqual(new Set(ids), new Set(animals.map(({ id }) => id)))
    assert.equal(second.results.nextCursor, null)
    assert.equal(third.results.total, 5)
    assert.equal(third.results.documents.length, 1)
  })

  test('sort_attribute orders by value, what has none last, or first where asked', async () => {
    const texts = {
      stage_id: 'attribute_filter',
      parameters: { field: 'text', operator: 'exists', value: true },
    }
    const sort = (parameters: object) => ({
      stage_id: 'sort_attribute',
      parameters: { field: 'year', ...parameters },
    })

    const up = await run([texts, sort({ direction: 'asc' })], {})
    const down = await run([texts, sort({ order: 'desc', null_handling: 'first' })], {})
    const found = await run([search, sort({ direction: 'asc' })], { inputs: { query: 'animal' } })

    assert.deepEqual(yearsOf(up.results), [2001, 2002, 2003, 2004, null])
    assert.deepEqual(yearsOf(down.results), [null, 2004, 2003, 2002, 2001])
    assert.deepEqual(yearsOf(found.results), [2001, 2002, 2003])
  })

  test('limit takes its part wherever it stands', async () => {
    const sort = { stage_id: 'sort_attribute', parameters: { field: 'year', direction: 'asc' } }
    const limit = { stage_id: 'limit', parameters: { limit: 2, offset: 1 } }
    const animal = {
      stage_id: 'attribute_filter',
      parameters: { field: 'category', value: 'animal' },
    }

    const listed = await run([sort, limit], {})
    const filtered = await run([sort, limit, animal], {})
    const found = await run([search, limit], { inputs: { query: 'a puppy' } })
    const beyond = await run(
      [search, { stage_id: 'limit', parameters: { limit: 1, offset: 500 } }],
      { inputs: { query: 'a puppy' } },
    )

    assert.deepEqual(yearsOf(listed.results), [2002, 2003])
    assert.deepEqual(yearsOf(filtered.results), [2002, 2003])
    assert.equal(found.results.documents.length, 2)
    assert.deepEqual(beyond.results.documents, [])
  })

  test('a limit of the request cuts the answer, and its cursor goes on', async () => {
    const first = await run([search], { inputs: { query: 'a puppy' }, limit: 2 })
    const rest = await run([search], {
      inputs: { query: 'a puppy' },
      pagination: { limit: 2, cursor: first.results.nextCursor },
    })

    assert.equal(first.results.documents.length, 2)
    assert.equal(first.results.hasNext, true)
    assert.equal(rest.results.documents.length, 1)
    assert.equal(rest.results.hasNext, false)
  })

  test('a budget of time stops between stages and says so', async () => {
    const limit = { stage_id: 'limit', parameters: {} }

    const { error, stagesCompleted } = await run(
      [search, limit],
      { inputs: { query: 'never asked before' } },
      { budget_limits: { max_time_ms: 0.001 } },
    )

    assert.match(error ?? '', /^Budget exceeded/)
    assert.equal(stagesCompleted, 1)
  })
})

describe('inputs', () => {
  test('defaults are put in, required ones are asked for, others are passed on', async () => {
    const input_schema = {
      properties: { query: { type: 'string' }, k: { type: 'integer', default: 1 } },
      required: ['query'],
    }
    const stage = {
      ...search,
      config: {
        ...search.config,
        parameters: { ...search.config.parameters, final_top_k: '{{INPUT.k}}' },
      },
    }

    const one = await run([stage], { input: { query: 'a puppy' } }, { input_schema })
    const two = await run(
      [stage],
      { inputs: { query: 'a puppy', k: 2, more: true } },
      { input_schema },
    )

    assert.equal(one.results.documents.length, 1)
    assert.equal(two.results.documents.length, 2)
    await assert.rejects(
      run([stage], { inputs: { qeury: 'x' } }, { input_schema }),
      /query is missing.*'qeury' meant/,
    )
    await assert.rejects(
      run([stage], { inputs: { query: 'x', k: 'two' } }, { input_schema }),
      /k is the string 'two'; it must be a whole number/,
    )
  })
})

test('a template may read what the stages before have found', async () => {
  const animal = {
    stage_id: 'attribute_filter',
    stage_name: 'some',
    parameters: { field: 'year', value: 2003 },
  }
  const like = inSearch({
    query: {
      input_mode: 'document',
      document_ref: { document_id: '{{STAGE.some.documents[0].document_id}}' },
    },
  })
  const half = {
    stage_id: 'limit',
    parameters: { limit: '{{ max(1, floor(STAGE.search.output_count / 2)) }}' },
  }

  const { results } = await run([animal, like], {})
  const halved = await run([search, half], { inputs: { query: 'a puppy' } })

  assert.equal(results.documents[0]?.payload?.['year'], 2003)
  assert.equal(halved.results.documents.length, 1)
  await assert.rejects(
    run([{ stage_id: 'limit', parameters: { limit: '{{STAGE.other.output_count}}' } }], {}),
    /needs STAGE\.other\.output_count/,
  )
})

test('executions are remembered off the path', async () => {
  const execution = await run([search], { inputs: { query: 'a puppy' } })
  await flushExecutions(ports)

  const row = await ports.db
    .selectFrom('executions')
    .selectAll()
    .where('id', '=', execution.id)
    .executeTakeFirstOrThrow()
  assert.equal(row.status, 'completed')
  assert.equal(row.total_returned, 3)
})

function inSearch(change: object) {
  const [one] = search.config.parameters.searches
  return {
    ...search,
    config: { ...search.config, parameters: { searches: [{ ...one, ...change }], final_top_k: 3 } },
  }
}

async function saved(stages: unknown[], spec: RetrieverSpec = {}) {
  const retriever = await createRetriever(ports, namespace, '', {
    retriever_name: `r-${randomUUID()}`,
    stages,
    ...spec,
  })
  return await findRunnable(ports, namespace, retriever.name)
}

async function run(
  stages: unknown[],
  request: ExecuteRequest,
  spec: RetrieverSpec = {},
): Promise<Execution> {
  const runnable = await saved(stages, spec)
  const signal = new AbortController().signal
  return await executeRetriever(ports, namespace, runnable, request, { withVectors: false, signal })
}

function categoriesOf({ documents }: Execution['results']): unknown[] {
  return documents.map(({ payload }) => payload?.['category'])
}

function yearsOf({ documents }: Execution['results']): unknown[] {
  return documents.map(({ payload }) => payload?.['year'] ?? null)
}

async function addCollection(name: string): Promise<string> {
  const id = ports.newId('col')
  const now = ports.now()
  await insertCollection(ports.db, {
    id,
    namespaceId: namespace.id,
    name,
    description: null,
    source: { type: 'bucket', bucket_ids: ['bkt_none'] },
    extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      feature_extractor_id: 'text_extractor_v1',
      parameters: {},
      input_mappings: { text: 'text' },
      field_passthrough: [],
      include_all_source_fields: false,
    },
    inputSchema: {},
    outputSchema: {},
    enabled: true,
    metadata: {},
    state: 'active',
    createdAt: now,
    updatedAt: now,
  })
  return id
}
