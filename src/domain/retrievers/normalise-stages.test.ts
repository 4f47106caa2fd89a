import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../failure.ts'
import { normaliseStages } from './normalise-stages.ts'
import { planStages } from './stage-plan.ts'

const at = ['body', 'stages']
const uri = 'mixpeek://text_extractor@v1/embedding'

function refused(
  given: unknown,
  code: 'request_invalid' | 'not_enabled' = 'request_invalid',
): string {
  try {
    planStages(normaliseStages(given, at), at)
  } catch (error) {
    assert.ok(isFailure(error, code), String(error))
    return error.message
  }
  throw new assert.AssertionError({ message: 'it was accepted' })
}

describe('normaliseStages()', () => {
  test('keeps the canonical shape as it is', () => {
    const canonical = {
      stage_name: 'find',
      stage_type: 'filter',
      config: {
        stage_id: 'feature_search',
        parameters: {
          searches: [{ feature_uri: uri, query: { input_mode: 'text', value: 'x' }, top_k: 5 }],
          final_top_k: 5,
        },
        pre_filters: { AND: [{ field: 'a', operator: 'eq', value: 1 }] },
      },
      description: 'first',
    }

    assert.deepEqual(normaliseStages([canonical], at), [canonical])
  })

  test('makes every dialect canonical', () => {
    const query = { input_mode: 'text', value: '{{INPUT.q}}' }
    const flat = {
      stage_type: 'filter',
      stage_id: 'feature_search',
      parameters: {
        searches: [{ feature_uri: uri, query: { input_mode: 'text', text: '{{INPUT.q}}' } }],
      },
    }
    const old = {
      stage_name: 'knn_search',
      version: 'v1',
      parameters: { feature_address: uri, query: '{{INPUT.q}}' },
    }
    const oneClass = { type: 'feature_search', feature_uri: uri, query: '{{INPUT.q}}' }
    const nameInConfig = {
      stage_name: 's',
      config: {
        stage_name: 'feature_search',
        parameters: { feature_uris: [{ uri, input: { text: '{{INPUT.q}}' } }] },
      },
    }

    const made = normaliseStages([flat, old, oneClass, nameInConfig], at)

    for (const { stage_type, config } of made) {
      assert.equal(stage_type, 'filter')
      assert.equal(config.stage_id, 'feature_search')
      assert.deepEqual(config.parameters['searches'], [{ feature_uri: uri, query }])
    }
    assert.deepEqual(
      made.map(({ stage_name }) => stage_name),
      ['feature_search', 'knn_search', 'feature_search_2', 's'],
    )
  })

  test("takes the one-class client's search as it is sent", () => {
    const sent = [
      { type: 'attribute_filter', conditions: { AND: [{ field: 'a', operator: 'eq', value: 1 }] } },
      {
        type: 'feature_search',
        feature_extractor: { type: 'text' },
        query: 'cats',
        collection_ids: ['c'],
        limit: 7,
      },
    ]

    const [filter, search] = normaliseStages(sent, at)

    assert.deepEqual(filter?.config.parameters, { conditions: sent[0]?.conditions })
    assert.deepEqual(search?.config.parameters, {
      collection_identifiers: ['c'],
      final_top_k: 7,
      searches: [
        {
          top_k: 7,
          feature_uri: 'text_extractor@v1',
          query: { input_mode: 'text', value: 'cats' },
        },
      ],
    })
    assert.doesNotThrow(() => planStages(normaliseStages(sent, at), at))
  })

  test('knows the shapes of a query', () => {
    const queryOf = (query: unknown) =>
      normaliseStages(
        [{ stage_id: 'feature_search', parameters: { searches: [{ query }] } }],
        at,
      )[0]?.config.parameters['searches']
    const reference = { collection_id: 'c', document_id: 'd' }

    assert.deepEqual(queryOf([1, 2]), [{ query: { input_mode: 'vector', value: [1, 2] } }])
    assert.deepEqual(queryOf({ value: [1, 2] }), [
      { query: { input_mode: 'vector', value: [1, 2] } },
    ])
    assert.deepEqual(queryOf({ text: 'x' }), [{ query: { input_mode: 'text', value: 'x' } }])
    assert.deepEqual(queryOf({ input_mode: 'content', content: { base64: 'eA==' } }), [
      { query: { input_mode: 'content', value: 'eA==' } },
    ])
    assert.deepEqual(queryOf({ document_ref: reference }), [
      { query: { input_mode: 'document', document_ref: reference } },
    ])
  })

  test('422 lists the stages that run here, and says which was probably meant', () => {
    assert.match(
      refused([{ stage_id: 'rerank', parameters: {} }]),
      /there are feature_search, attribute_filter, sort_attribute, sort_relevance, limit, sample, deduplicate, group_by, aggregate/,
    )
    assert.match(
      refused([{ stage_id: 'feature_serach', parameters: {} }]),
      /did you mean 'feature_search'/,
    )
    assert.match(refused([{ stage_name: 'x', config: {} }]), /'x' is no stage/)
    assert.match(refused([]), /at least one stage/)
    assert.match(refused('search'), /list/)
  })
})

describe('planStages()', () => {
  test('422 for a parameter that no stage has, with the nearest name', () => {
    assert.match(
      refused([{ stage_id: 'limit', parameters: { limitt: 5 } }]),
      /stages\.0\.config\.parameters\.limitt.*did you mean 'limit'/,
    )
    assert.match(
      refused([{ stage_id: 'sort_attribute', parameters: { feild: 'a' } }]),
      /did you mean 'field'/,
    )
    assert.match(refused([{ type: 'feature_search', query: 'x', top_kk: 3 }]), /top_kk/)
    assert.match(
      refused([{ type: 'feature_search', searches: [{ query: 'x', wieght: 1 }] }]),
      /searches\.0\.wieght.*did you mean 'weight'/,
    )
    assert.match(
      refused([
        { type: 'feature_search', query: 'x', group_by: { field: 'a', max_per_groups: 1 } },
      ]),
      /did you mean 'max_per_group'/,
    )
  })

  test('422 for a wrong value where no template will replace it', () => {
    assert.match(refused([{ stage_id: 'limit', parameters: { limit: 0 } }]), /limit is 0/)
    assert.match(
      refused([{ stage_id: 'limit', parameters: { limit: '{{INPUT.n}}', offset: -1 } }]),
      /offset is -1/,
    )
    assert.match(
      refused([
        { stage_id: 'attribute_filter', parameters: { field: 'a', operator: 'equals', value: 1 } },
      ]),
      /operator/,
    )
    assert.match(
      refused([{ stage_id: 'attribute_filter', parameters: {} }]),
      /field and value, or conditions/,
    )
    assert.match(
      refused([{ stage_id: 'limit', parameters: {}, pre_filters: { must: [] } }]),
      /no word of this filter language/,
    )
    assert.match(
      refused([{ stage_id: 'limit', parameters: { limit: '{{n}}' } }]),
      /write \{\{INPUT\.n\}\}/,
    )
  })

  test('what is documented and does not run here is refused by name', () => {
    const two = [{ query: 'a' }, { query: 'b' }]
    assert.match(
      refused([{ stage_id: 'feature_search', parameters: { searches: two, fusion: 'learned' } }]),
      /'learned', which is not run here; use rrf, dbsf, weighted or max/,
    )
    assert.match(
      refused(
        [{ stage_id: 'feature_search', parameters: { searches: two, query_preprocessing: {} } }],
        'not_enabled',
      ),
      /query_preprocessing/,
    )
  })

  test('parameters without templates are parsed once', () => {
    const scope = { input: {}, context: {}, stage: {} }
    const [plan] = planStages(
      normaliseStages([{ stage_id: 'limit', parameters: { limit: 3 } }], at),
      at,
    )

    assert.equal(plan?.fill(scope, 1_000), plan?.fill({ ...scope, input: { other: 1 } }, 1_000))
  })
})
