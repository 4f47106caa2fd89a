import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeIndex, fillEngine, openReadPorts } from '../../../test/support/engine-place.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { scanDocuments } from '../documents/read.ts'
import { evaluateFilter } from './evaluate-filter.ts'
import type { Filter } from './filter.ts'
import { wordsOf } from './words.ts'

const texts = [
  'the Quick, red fox',
  'İstanbul',
  'ΟΔΟΣ ΑΣ',
  'ΑΣΑ',
  'straße STRASSE ẞ',
  '日本語 テキスト',
  'e\u0301 é',
  'don’t_do-it',
  '½ cup ² Ⅷ ①',
  '🦊fox',
  'हिन्दी ภาษาไทย',
  '1,5 1.5 v2',
  'a\u00adb \u200bc',
]

test('wordsOf() splits a text into runs of letters and digits, in lower case', () => {
  assert.deepEqual(wordsOf('The don’t_DO-it: 1.5 ½'), [
    'the',
    'don',
    't',
    'do',
    'it',
    '1',
    '5',
    '½',
  ])
})

const indexes: Record<string, PayloadIndex[]> = {
  'without an index': [],
  'with one that splits as we do': [activeIndex('a', { type: 'text', tokenizer: 'word' })],
}
for (const [how, payloadIndexes] of Object.entries(indexes)) {
  test(`the engine finds the words of any script, by themselves and in their texts, as we do, ${how}`, async () => {
    await using ports = await openReadPorts()
    const payloads = texts.map((a) => ({ a }))
    const { namespace, documents } = await fillEngine(ports, payloads, payloadIndexes)
    const scope = { collectionIds: ['col_a'] }

    for (const value of [...texts, ...texts.flatMap((text) => text.split(' '))]) {
      for (const operator of ['text', 'phrase'] as const) {
        const filter: Filter = { kind: 'leaf', field: 'a', operator, value, caseSensitive: null }
        const found: string[] = []
        const scan = { filter, select: [], withVectors: false }
        for await (const page of scanDocuments(ports, namespace, scope, scan))
          found.push(...page.map(({ pointId }) => pointId))

        const expected = documents.filter(({ payload }) => evaluateFilter(filter, payload))
        assert.ok(expected.length > 0, value)
        const ids = expected.map(({ id }) => id)
        assert.deepEqual(found.toSorted(), ids.toSorted(), value)
      }
    }
  })
}
