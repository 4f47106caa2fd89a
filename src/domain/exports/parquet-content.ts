import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { Config } from '../../config.ts'
import type { Pages } from './exported-documents.ts'
import type { ColumnType, TableColumns } from './table-columns.ts'

/**
 * A Parquet file: a column by what all of its values are, and JSON in a text where they differ or are lists or
 * objects: readers know texts, and few the type that Parquet has for JSON. Row groups bound what is made at once.
 */
export async function* parquetContent(
  pages: Pages,
  table: TableColumns,
  limits: Limits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { names } = table
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(table),
    // Those of long texts would be a copy of them in the footer.
    statistics: false,
    createdBy: 'nacre',
  })
  for await (const group of rowGroups(pages, table, limits)) {
    const columnData = names.map((name, i) => ({ name, data: group[i] ?? [] }))
    await writer.write({ columnData, rowGroupSize: Infinity })
    yield taken(bytes)
  }
  await writer.finish()
  yield taken(bytes)
}

type Limits = Pick<Config, 'exportGroupBytes' | 'exportChunksMax'>

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
const elements: Record<ColumnType, Omit<SchemaElement, 'name'>> = {
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  string: text,
  json: text,
}

function schemaOf({ types }: TableColumns): SchemaElement[] {
  const columns = [...types].map(([name, type]): SchemaElement => ({
    name,
    repetition_type: 'OPTIONAL',
    // Where no document has a value, any type holds what there is.
    ...elements[type ?? 'string'],
  }))
  return [{ name: 'root', num_children: columns.length }, ...columns]
}

type Cell = boolean | number | bigint | string | null

/** Cells of as many rows as fill a group, a list for each column. */
async function* rowGroups(
  pages: Pages,
  table: TableColumns,
  { exportGroupBytes, exportChunksMax }: Limits,
): AsyncGenerator<Cell[][], void, undefined> {
  const columns = [...table.types]
  const leastRows = Math.ceil((table.rows * columns.length) / exportChunksMax)
  let rows = 0
  let bytes = 0
  let group: Cell[][] = columns.map(() => [])
  for await (const page of pages) {
    for (const { document } of page) {
      columns.forEach(([name, type], i) => {
        const cell = parquetCell(type, table.cell(document, name))
        bytes += typeof cell === 'string' ? cell.length : 8
        group[i]?.push(cell)
      })
      rows += 1
      if (bytes < exportGroupBytes || rows < leastRows) continue
      yield group
      rows = 0
      bytes = 0
      group = columns.map(() => [])
    }
  }
  if (rows > 0) yield group
}

function parquetCell(type: ColumnType | null, value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (type === 'json') return JSON.stringify(value)
  if (type === 'integer') return BigInt(Number(value))
  if (typeof value === 'boolean' || typeof value === 'number') return value
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What was written since the last time: a copy, because the writer writes on in its buffer. */
function taken(bytes: ByteWriter): Uint8Array {
  const chunk = bytes.getBytes().slice()
  bytes.index = 0
  return chunk
}
