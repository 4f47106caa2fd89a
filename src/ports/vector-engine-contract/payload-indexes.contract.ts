import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRejection, type EngineCondition, type PayloadFieldSchema } from '../vector-engine.ts'
import {
  films,
  matching,
  onCollection,
  pointsWith,
  upsert,
  type OpenEngine,
} from './setup.contract.ts'

const lower = '550e8400-e29b-41d4-a716-446655440000'
const upper = lower.toUpperCase()

/** Every type with its options, values it can represent, and conditions that it must answer as before. */
const faithful: [PayloadFieldSchema, unknown[], EngineCondition[]][] = [
  [
    { type: 'keyword', is_tenant: true },
    ['a', 'A', ['a', 'b'], null],
    [
      { key: 'f', match: { value: 'a' } },
      { key: 'f', match: { any: ['A', 'b'] } },
      { key: 'f', match: { except: ['a'] } },
      { is_empty: { key: 'f' } },
      { is_null: { key: 'f' } },
    ],
  ],
  [
    { type: 'integer', lookup: true, range: true },
    [5, -5, [1, 6], null],
    [
      { key: 'f', match: { value: 5 } },
      { key: 'f', match: { any: [6, 7] } },
      { key: 'f', range: { gte: 5, lt: 6 } },
    ],
  ],
  [
    { type: 'integer', lookup: true, range: false },
    [5, 6],
    [
      { key: 'f', match: { value: 5 } },
      { key: 'f', range: { gt: 5 } },
    ],
  ],
  [
    { type: 'integer', lookup: false, range: true },
    [5, 6],
    [
      { key: 'f', match: { value: 5 } },
      { key: 'f', range: { gt: 5 } },
    ],
  ],
  [
    { type: 'float' },
    [5, 5.5, 6],
    [
      { key: 'f', range: { gte: 5, lt: 6 } },
      { key: 'f', match: { value: 5 } },
    ],
  ],
  [
    { type: 'bool' },
    [true, false, 'true'],
    [
      { key: 'f', match: { value: true } },
      { key: 'f', match: { value: false } },
    ],
  ],
  [
    { type: 'geo' },
    [
      { lon: 13.4, lat: 52.5 },
      { lon: 2.35, lat: 48.85 },
    ],
    [{ key: 'f', geo_radius: { center: { lon: 13.4, lat: 52.5 }, radius: 1_000 } }],
  ],
  [
    { type: 'datetime' },
    ['2024-01-01T00:00:00Z', '2024-06-01T00:00:00.5+02:00', '2024-01-02'],
    [{ key: 'f', range: { gte: '2024-01-01T00:00:00Z', lt: '2024-01-03T00:00:00Z' } }],
  ],
  [{ type: 'uuid', is_tenant: true }, [lower, 'no uuid'], [{ key: 'f', match: { value: lower } }]],
  [
    { type: 'text', tokenizer: 'word', lowercase: true, min_token_len: 1, max_token_len: 40 },
    ['the quick fox', 'slow'],
    [{ key: 'f', match: { text: 'quick' } }],
  ],
]

/** What an index takes away or adds: seen on the engine, and the reason why indexes must be proved (design 1). */
const traps: [string, PayloadFieldSchema, unknown[], EngineCondition, number[], number[]][] = [
  [
    'integer: a range finds no number that is not whole',
    { type: 'integer' },
    [5, 5.5, 6],
    { key: 'f', range: { gte: 5, lt: 6 } },
    [1, 2],
    [1],
  ],
  [
    'keyword: except finds no number and no boolean',
    { type: 'keyword' },
    ['a', 'A', 1, true],
    { key: 'f', match: { except: ['a'] } },
    [2, 3, 4],
    [2],
  ],
  [
    'uuid: a value in other letters is the same value',
    { type: 'uuid' },
    [lower, upper],
    { key: 'f', match: { value: lower } },
    [1],
    [1, 2],
  ],
]

const textOptions: [string, PayloadFieldSchema, string, number[]][] = [
  ['a prefix finds the word', { type: 'text', tokenizer: 'prefix' }, 'qui', [1, 2]],
  ['words end at spaces only', { type: 'text', tokenizer: 'whitespace' }, 'fox', []],
  ['words end at marks too', { type: 'text', tokenizer: 'word' }, 'fox', [1]],
  ['capitals count', { type: 'text', lowercase: false }, 'Quickly', [2]],
  ['capitals do not count otherwise', { type: 'text' }, 'QUICKLY', [2]],
  ['all words are needed', { type: 'text' }, 'quick fox', [1]],
  ['words too short are in no document', { type: 'text', min_token_len: 4 }, 'fox', []],
  ['words too long are in no document', { type: 'text', max_token_len: 3 }, 'quickly', []],
]

export function payloadIndexesContract(open: OpenEngine): void {
  describe('payload indexes', () => {
    for (const [schema, values, conditions] of faithful) {
      const rows = pointsWith([...values.map((f) => ({ f })), {}])
      test(
        `${JSON.stringify(schema)} is described as made, and answers as no index does`,
        onCollection(open, films, async (engine, collection) => {
          await upsert(engine, collection, rows)
          const ask = () =>
            Promise.all(
              conditions.map((condition) => matching(engine, collection, { must: [condition] })),
            )
          const before = await ask()

          await engine.createPayloadIndex(collection, 'f', schema)

          assert.deepEqual(await ask(), before)
          const description = await engine.describeCollection(collection)
          assert.deepEqual(description?.payload_schema, { f: schema })
        }),
      )
    }

    for (const [title, schema, values, condition, without, withIndex] of traps) {
      test(
        title,
        onCollection(open, films, async (engine, collection) => {
          await upsert(engine, collection, pointsWith(values.map((f) => ({ f }))))
          const ask = () => matching(engine, collection, { must: [condition] })
          const before = await ask()

          await engine.createPayloadIndex(collection, 'f', schema)
          const indexed = await ask()
          await engine.dropPayloadIndex(collection, 'f')

          assert.deepEqual([before, indexed, await ask()], [without, withIndex, without])
        }),
      )
    }

    for (const [title, schema, words, expected] of textOptions) {
      test(
        `text, ${JSON.stringify(schema)}: ${title}`,
        onCollection(open, films, async (engine, collection) => {
          await upsert(
            engine,
            collection,
            pointsWith([{ f: 'the quick, brown fox!' }, { f: 'Quickly' }]),
          )

          await engine.createPayloadIndex(collection, 'f', schema)

          const filter = { must: [{ key: 'f', match: { text: words } }] }
          assert.deepEqual(await matching(engine, collection, filter), expected)
        }),
      )
    }

    test(
      'an index sees what is written after it, and what is deleted',
      onCollection(open, films, async (engine, collection) => {
        await engine.createPayloadIndex(collection, 'in.odd key', { type: 'keyword' })
        const filter = { must: [{ key: 'in.odd key', match: { value: 'a' } }] }
        await upsert(
          engine,
          collection,
          pointsWith([{ in: { 'odd key': 'a' } }, { in: { 'odd key': 'a' } }]),
        )
        const before = await matching(engine, collection, filter)

        await engine.write(collection, {
          kind: 'delete',
          selection: { filter: { must: [{ has_id: [1] }] } },
        })
        await engine.write(collection, { kind: 'clear_payload', selection: { filter } })

        assert.deepEqual(before, [1, 2])
        assert.deepEqual(await matching(engine, collection, filter), [])
      }),
    )

    for (const field of ['<string>', 'a b.c', 'in."dot.key"', 'items[].k', 'ünï']) {
      test(
        `an index on ${field} is described by that name, and dropped by it`,
        onCollection(open, films, async (engine, collection) => {
          await engine.createPayloadIndex(collection, field, { type: 'keyword' })
          const made = await engine.describeCollection(collection)

          await engine.dropPayloadIndex(collection, field)

          assert.deepEqual(Object.keys(made?.payload_schema ?? {}), [field])
          assert.deepEqual((await engine.describeCollection(collection))?.payload_schema, {})
        }),
      )
    }

    test(
      'the same index again changes nothing; another type or option on the field replaces it',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsWith([{ f: 5 }, { f: 5.5 }]))
        const filter = { must: [{ key: 'f', range: { gte: 5 } }] }
        await engine.createPayloadIndex(collection, 'f', { type: 'integer' })
        await engine.createPayloadIndex(collection, 'f', { type: 'integer' })
        const asIntegers = await matching(engine, collection, filter)

        await engine.createPayloadIndex(collection, 'f', { type: 'float' })

        assert.deepEqual(asIntegers, [1])
        assert.deepEqual(await matching(engine, collection, filter), [1, 2])
        const description = await engine.describeCollection(collection)
        assert.deepEqual(description?.payload_schema, { f: { type: 'float' } })
      }),
    )

    test(
      'an integer index for neither lookup nor range is refused, and nothing changes',
      onCollection(open, films, async (engine, collection) => {
        const useless: PayloadFieldSchema = { type: 'integer', lookup: false, range: false }

        await assert.rejects(engine.createPayloadIndex(collection, 'f', useless), EngineRejection)

        assert.deepEqual((await engine.describeCollection(collection))?.payload_schema, {})
      }),
    )

    test(
      'dropping an index that is not there does nothing',
      onCollection(open, films, async (engine, collection) => {
        await engine.dropPayloadIndex(collection, 'f')
      }),
    )
  })
}
