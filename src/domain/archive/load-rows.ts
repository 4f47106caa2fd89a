import type { Ports } from '../../ports/ports.ts'
import { columnTypes, insertArchiveRows } from '../../store/archive-rows.ts'
import { archiveTables, type ArchiveTable } from '../../store/archive-tables.ts'
import { movePosition } from '../../store/loads.ts'
import type { Db } from '../../store/tables.ts'
import { fail, invalid } from '../failure.ts'
import { openLoad } from './begin-load.ts'

/** A piece of a part of an archive: lines `from` and following. */
export interface Piece {
  /** Null: of the server as a whole. */
  namespaceId: string | null
  from: number
  lines: readonly string[]
}

/** As the positions of a load name it. */
export function partName(namespaceId: string | null, name: string): string {
  return `${namespaceId ?? 'server'}/${name}`
}

/**
 * Rows of one table, and how far that part is now, in one transaction. Throws `conflict` where the part stands
 * elsewhere, `request_invalid` for a table or column that is not one, `bad_request` for rows that do not fit.
 */
export async function loadRows(
  ports: Pick<Ports, 'db'>,
  tableName: string,
  { namespaceId, from, lines }: Piece,
): Promise<number> {
  const { archiveId } = await openLoad(ports)
  const table = loadedTable(tableName)
  const to = from + lines.length
  await ports.db.transaction().execute(async (tx) => {
    await moveOn(tx, { archiveId, part: partName(namespaceId, tableName), from, to })
    await insertRows(tx, table, lines)
  })
  return to
}

/** Throws `conflict` with the position where the part does not stand at `from`. */
export async function moveOn(
  db: Db,
  step: { archiveId: string; part: string; from: number; to: number },
): Promise<void> {
  if (await movePosition(db, step)) return
  throw fail('conflict', {
    reason: `The part ${step.part} is not at line ${step.from}: somebody else loads the same archive, or an answer was lost.`,
    hint: 'GET /v1/load/{archive_id} tells where each part is.',
  })
}

/** Throws `request_invalid` for a column that this version does not have, `bad_request` for rows that do not fit. */
export async function insertRows(
  tx: Db,
  table: ArchiveTable,
  lines: readonly string[],
): Promise<void> {
  const [first] = lines
  if (first === undefined) return
  const columns = columnsIn(first)
  const known = await columnTypes(tx, table.name)
  const unknown = columns.find((column) => !known.has(column))
  if (unknown !== undefined) {
    throw invalid(
      ['body', unknown],
      `is no column of ${table.name} in this version`,
      'unknown_field',
    )
  }
  try {
    await insertArchiveRows(tx, table, columns, lines)
  } catch (error) {
    throw isMisfit(error) ? misfit(table.name, error) : error
  }
}

/** Users and keys come with the end: no key of the archive works before everything is there. */
const withTheEnd: readonly string[] = ['users', 'api_keys']

function loadedTable(name: string): ArchiveTable {
  const table = archiveTables.find((one) => one.name === name)
  if (table && !withTheEnd.includes(name)) return table
  throw invalid(['path', 'table'], `'${name}' is no table of an archive that is loaded by itself`)
}

function columnsIn(line: string): string[] {
  try {
    return Object.keys(JSON.parse(line) as object)
  } catch {
    throw invalid(['body'], 'the first line is no JSON object', 'invalid_format')
  }
}

/** SQLSTATE classes of values and constraints: the archive's fault, or that of rows that are here. */
function isMisfit(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^2[23]/.test(code)
}

function misfit(table: string, error: Error) {
  return fail(
    'bad_request',
    { reason: `PostgreSQL refuses rows of ${table}: ${error.message}` },
    { cause: error },
  )
}
