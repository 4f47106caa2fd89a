import type { Ports } from '../../ports/ports.ts'
import {
  openSnapshot,
  readArchiveNamespaces,
  readArchiveOriginals,
  readArchiveRows,
} from '../../store/archive-rows.ts'
import { archiveTables } from '../../store/archive-tables.ts'
import { readSchemaNumber } from '../../store/loads.ts'
import { readFirstOrganization } from '../../store/organizations.ts'
import type { Db } from '../../store/tables.ts'
import { archiveFormat } from './archive.ts'
import type { Tell } from './line-stream.ts'

/** What an archive begins with: whose it will be, and the namespaces that it will hold. */
export interface DumpPlan {
  archive_format: number
  schema: number
  server_id: string
  namespaces: { id: string; name: string; organization_id: string }[]
}

export async function planDump({ db }: Pick<Ports, 'db'>): Promise<DumpPlan> {
  const [schema, organization, namespaces] = await Promise.all([
    readSchemaNumber(db),
    readFirstOrganization(db),
    readArchiveNamespaces(db),
  ])
  return { archive_format: archiveFormat, schema, server_id: organization?.id ?? '', namespaces }
}

/** Rows that belong to no namespace, as they are at one moment. */
export async function dumpServer({ db }: Pick<Ports, 'db'>, tell: Tell): Promise<void> {
  await using snapshot = await openSnapshot(db)
  await tell([JSON.stringify({ begin: { as_of: snapshot.at.toISOString() } })])
  await tellTables(snapshot.db, null, tell)
}

/** Every table with its rows, then the originals that they name; last what ends a stream that is whole. */
export async function tellTables(db: Db, namespaceId: string | null, tell: Tell): Promise<void> {
  for (const table of archiveTables) {
    if (!(namespaceId === null ? table.ofServer : table.ofNamespace)) continue
    await tell([JSON.stringify({ table: table.name })])
    for await (const rows of readArchiveRows(db, table, namespaceId)) {
      await tell(rows.map((row) => `{"row":${row}}`))
    }
  }
  for await (const originals of readArchiveOriginals(db, namespaceId)) {
    await tell(originals.map((one) => `{"original":${one}}`))
  }
  await tell(['{"end":{}}'])
}
