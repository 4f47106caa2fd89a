import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parquetRead } from 'hyparquet'
import '../../../test/support/property-runs.ts'
import type { DocumentAnswer } from '../documents/document-answer.ts'
import type { Pages } from './exported-documents.ts'
import { parquetContent } from './parquet-content.ts'
import { TableColumns, type ColumnType } from './table-columns.ts'

const field = fc.constantFrom('a', 'b', 'c.d', '__proto__', 'ümlaut', '')
const value = fc.oneof(
  { depthSize: 'small' },
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.jsonValue().map(plain), { maxLength: 3 }),
  fc.dictionary(field, fc.jsonValue().map(plain), { maxKeys: 3 }).map(plain),
)
const columnsOfOneKind = fc.constantFrom(
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.string({ unit: 'grapheme' }),
)
const documents = columnsOfOneKind.chain((kind) =>
  fc.array(fc.dictionary(field, fc.oneof(kind, kind, value), { maxKeys: 6 }), { maxLength: 40 }),
)

test('documents come back from Parquet as they went in, whatever their fields hold and wherever its groups end', async () => {
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.record({
        exportGroupBytes: fc.integer({ min: 1, max: 200 }),
        exportChunksMax: fc.integer({ min: 1, max: 100 }),
      }),
      fc.integer({ min: 1, max: 7 }),
      async (fields, limits, pageSize) => {
        const answers = fields.map((each, i): DocumentAnswer => {
          const ids = { document_id: `doc_${i}`, collection_id: 'col_1' }
          return Object.assign(plain(each) as object, ids)
        })
        const table = new TableColumns(null, 100)
        answers.forEach((each) => table.see(each))

        const chunks: Uint8Array[] = []
        for await (const chunk of parquetContent(paged(answers, pageSize), table, limits))
          chunks.push(chunk)
        const { buffer } = new Uint8Array(Buffer.concat(chunks))

        let rows: unknown[][] = []
        const onComplete = (all: unknown[][]) => (rows = all)
        await parquetRead({ file: buffer, onComplete })
        const expected = answers.map((answer) =>
          table.names.map((name) => (Object.hasOwn(answer, name) ? answer[name] : null)),
        )
        const read = rows.map((row) =>
          [...table.types.values()].map((type, i) => valueOf(row[i], type)),
        )
        assert.deepEqual(read, expected)
      },
    ),
  )
})

/** As it comes from a client: JSON, in which a number has no sign of zero. */
function plain(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json))
}

/** The reader answers integers of 64 bits as such, and JSON as its text. */
function valueOf(cell: unknown, type: ColumnType | null): unknown {
  if (type === 'json' && typeof cell === 'string') return JSON.parse(cell)
  return typeof cell === 'bigint' ? Number(cell) : cell
}

async function* paged(answers: readonly DocumentAnswer[], size: number): Pages {
  for (let at = 0; at < answers.length; at += size)
    yield answers.slice(at, at + size).map((document) => ({ document, vectors: null }))
}
