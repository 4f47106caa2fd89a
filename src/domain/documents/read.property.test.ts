import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  activeIndex,
  fillEngine,
  openReadPorts,
  type EnginePlace,
} from '../../../test/support/engine-place.ts'
import {
  documentFields,
  filters,
  indexedPaths,
  indexSchemas,
  withIds,
} from '../../../test/support/filter-cases.ts'
import { naiveAnswer, naiveInputs } from '../../../test/support/naive-filter.ts'
import { parseFilter } from '../filters/parse-filter.ts'
import { documentIdOf } from './document.ts'
import { countDocuments, scanDocuments, type ReadPorts } from './read.ts'

const manyDocuments = fc.array(documentFields, { minLength: 1, maxLength: 30 })
const manyFilters = fc.array(filters, { minLength: 1, maxLength: 40 })

describe('the read gate answers every filter as a naive evaluator does that knows only the contract', () => {
  const numRuns = Number(process.env['NACRE_PROPERTY_RUNS'] ?? 12)

  test('without payload indexes', async () => {
    await using ports = await openReadPorts()
    const property = fc.asyncProperty(manyDocuments, manyFilters, async (payloads, given) => {
      const place = await fillEngine(ports, payloads, [])
      for (const each of given) await checkAnswer(ports, place, each)
    })
    await fc.assert(property, { numRuns })
  })

  test('with a payload index of any type on each field', async () => {
    await using ports = await openReadPorts()
    const schemas = fc.tuple(...indexedPaths.map(() => indexSchemas))
    const property = fc.asyncProperty(
      manyDocuments,
      manyFilters,
      schemas,
      async (payloads, given, chosen) => {
        const indexes = indexedPaths.map((path, i) =>
          activeIndex(path, chosen[i] ?? { type: 'keyword' }),
        )
        const place = await fillEngine(ports, payloads, indexes)
        for (const each of given) await checkAnswer(ports, place, each)
      },
    )
    await fc.assert(property, { numRuns })
  })
})

async function checkAnswer(
  ports: ReadPorts,
  { namespace, documents }: EnginePlace,
  given: unknown,
): Promise<void> {
  const wire = withIds(
    given,
    documents.map(({ id }) => documentIdOf(id)),
  )
  const expected = documents
    .filter(({ id, payload }) => naiveAnswer(wire, { payload, documentId: documentIdOf(id) }))
    .map(({ id }) => id)
    .toSorted()

  const filter = parseFilter(wire, ['body', 'filters'], { inputs: naiveInputs })
  const found: string[] = []
  const scan = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds: ['col_a'] }, scan)) {
    found.push(...page.map(({ pointId }) => pointId))
  }
  const count = await countDocuments(ports, namespace, { collectionIds: null }, filter)

  assert.deepEqual(found.toSorted(), expected, JSON.stringify(wire))
  assert.equal(count, expected.length, JSON.stringify(wire))
}
