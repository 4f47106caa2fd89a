import type { Pages } from './exported-documents.ts'
import type { TableColumns } from './table-columns.ts'

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
export async function* csvContent(pages: Pages, table: TableColumns): Bytes {
  const { names } = table
  yield Buffer.from(`${names.map(csvCell).join(',')}\r\n`)
  for await (const page of pages) {
    const lines = page.map(({ document }) =>
      names.map((name) => csvCell(table.cell(document, name))).join(','),
    )
    yield Buffer.from(lines.map((line) => `${line}\r\n`).join(''))
  }
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
