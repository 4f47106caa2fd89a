import { fieldValues } from '../filters/field-values.ts'
import type { Exported, Pages } from './exported-documents.ts'

type Bytes = AsyncGenerator<Uint8Array, void, undefined>

/** One JSON array, a document a line, as the API answers them. */
export async function* jsonContent(pages: Pages): Bytes {
  let before = '[\n'
  for await (const page of pages) {
    if (page.length === 0) continue
    const lines = page.map(({ document }) => JSON.stringify(document))
    yield Buffer.from(before + lines.join(',\n'))
    before = ',\n'
  }
  yield Buffer.from(before === '[\n' ? '[]\n' : '\n]\n')
}

/** Newline-delimited JSON: each document's id with its vectors by their storage names. */
export async function* vectorContent(pages: Pages): Bytes {
  for await (const page of pages) {
    const lines = page.map(({ document: { document_id }, vectors }) =>
      JSON.stringify({ document_id, vectors: vectors ?? {} }),
    )
    yield Buffer.from(lines.map((line) => `${line}\n`).join(''))
  }
}

/** RFC 4180 with a line of names; what is no text or number stands as JSON, and what is absent or null as nothing. */
export async function* csvContent(pages: Pages, columns: readonly string[]): Bytes {
  yield Buffer.from(`${columns.map(csvCell).join(',')}\r\n`)
  for await (const page of pages) {
    const lines = page.map((exported) =>
      columns.map((column) => csvCell(columnValue(exported, column))).join(','),
    )
    yield Buffer.from(lines.map((line) => `${line}\r\n`).join(''))
  }
}

/** A root field by its name, or what a path leads to: a list where it leads to several values. */
function columnValue({ document }: Exported, column: string): unknown {
  if (Object.hasOwn(document, column)) return document[column]
  const values = fieldValues(document, column)
  return values.length > 1 ? values : values[0]
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
