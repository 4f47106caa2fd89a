import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { activeIndex, fillEngine, openReadPorts } from '../../../test/support/engine-place.ts'
import { shapes } from '../../../test/support/filter-cases.ts'
import { naiveAnswer } from '../../../test/support/naive-filter.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import { parseFilter } from './parse-filter.ts'

/** Every fifteen degrees, the ends of the globe among them, and places that are none. */
const places = Array.from({ length: 25 }, (_, i) => i * 15 - 180).flatMap((lon) =>
  Array.from({ length: 13 }, (_, i) => ({ lon, lat: i * 15 - 90 })),
)
const given = fc.oneof(
  fc.record({ operator: fc.constant('geo_radius'), value: shapes.circle }),
  fc.record({ operator: fc.constant('geo_bounding_box'), value: shapes.box }),
  fc.record({ operator: fc.constant('geo_polygon'), value: shapes.polygon }),
)

for (const exceptionsMax of [1_000, 3]) {
  const room = `with room for ${exceptionsMax} documents that it does not hold`
  test(`a geo index finds the places all over the globe that lie in a shape, and no others, ${room}`, async () => {
    await using opened = await openReadPorts()
    await check({ ...opened, config: { ...opened.config, indexExceptionsMax: exceptionsMax } })
  })
}

async function check(ports: ReadPorts): Promise<void> {
  const payloads = [...places, { lon: 200, lat: 0 }, { lon: 0, lat: -91 }].map((at) => ({ at }))
  const indexes = [activeIndex('at', { type: 'geo' })]
  const { namespace, documents } = await fillEngine(ports, payloads, indexes)
  const scope = { collectionIds: ['col_a'] }

  await fc.assert(
    fc.asyncProperty(given, fc.boolean(), async (shape, isNot) => {
      const leaf = { field: 'at', ...shape }
      const wire = isNot ? { NOT: leaf } : leaf
      const filter = parseFilter(wire, ['body', 'filters'])
      const found: string[] = []
      const scan = { filter, select: [], withVectors: false }
      for await (const page of scanDocuments(ports, namespace, scope, scan))
        found.push(...page.map(({ pointId }) => pointId))

      const expected = documents
        .filter(({ payload }) => naiveAnswer(wire, { payload, documentId: '' }))
        .map(({ id }) => id)
      assert.deepEqual(found.toSorted(), expected.toSorted())
    }),
    { numRuns: Number(process.env['NACRE_PROPERTY_RUNS'] ?? 50) },
  )
}
