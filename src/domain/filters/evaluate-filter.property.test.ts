import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { documentFields, filters, withIds } from '../../../test/support/filter-cases.ts'
import { naiveAnswer, naiveInputs } from '../../../test/support/naive-filter.ts'
import { documentIdOf } from '../documents/document.ts'
import { evaluateFilter } from './evaluate-filter.ts'
import { parseFilter } from './parse-filter.ts'

test('parseFilter() and evaluateFilter() mean what the contract says, of any document', () => {
  const documents = fc.array(documentFields, { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(documents, filters, (payloads, given) => {
      const documentIds = payloads.map((_, i) => documentIdOf(String(i).padStart(32, '0')))
      const wire = withIds(given, documentIds)
      const filter = parseFilter(wire, ['body', 'filters'], { inputs: naiveInputs })
      for (const [i, payload] of payloads.entries()) {
        const documentId = documentIds[i] ?? ''
        const answer =
          filter === null || evaluateFilter(filter, payload, { documentId, namespaceId: 'ns_1' })
        assert.equal(answer, naiveAnswer(wire, { payload, documentId }), JSON.stringify(wire))
      }
    }),
    { numRuns: Math.max(1_000, Number(process.env['NACRE_PROPERTY_RUNS'] ?? 0)) },
  )
})
