import type { Ports } from '../../ports/ports.ts'
import { lockFirstStart } from '../../store/api-keys.ts'
import {
  findOccupiedTable,
  insertLoad,
  readLoad,
  readOpenLoad,
  readPositions,
  readSchemaNumber,
  type Load,
} from '../../store/loads.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import type { Principal } from '../organizations/principal.ts'
import { archiveFormat, type ArchiveHeader } from './archive.ts'

/** How far the loading of an archive has come. */
export interface LoadStatus {
  archive_id: string
  state: 'loading' | 'loaded'
  /** `ns_…/objects`, `server/organizations` → lines that are here. */
  positions: Record<string, number>
}

/**
 * Begins to load an archive, or goes on with it; one that is loaded already is told so. Throws `bad_request` for an
 * archive of a later version, `conflict` where the server is not empty or loads another.
 */
export async function beginLoad(
  { db }: Pick<Ports, 'db'>,
  { organizationId }: Pick<Principal, 'organizationId'>,
  header: ArchiveHeader,
): Promise<LoadStatus> {
  await db.transaction().execute(async (tx) => {
    await lockFirstStart(tx)
    await checkVersion(tx, header)
    if (await readLoad(tx, header.archive_id)) return
    const open = await readOpenLoad(tx)
    if (open) throw otherLoad(open)
    const table = await findOccupiedTable(tx)
    if (table !== null) throw notEmpty(table)
    await insertLoad(tx, header, organizationId)
  })
  return await loadStatus({ db }, header.archive_id)
}

/** Throws `not_found` where it was never begun here. */
export async function loadStatus(
  { db }: Pick<Ports, 'db'>,
  archiveId: string,
): Promise<LoadStatus> {
  const load = await readLoad(db, archiveId)
  if (!load) throw fail('not_found', { resource: 'archive', id: archiveId })
  const positions = Object.fromEntries(await readPositions(db, archiveId))
  return { archive_id: archiveId, state: load.state, positions }
}

/** The archive that is being loaded. Throws `conflict` where none is. */
export async function openLoad({ db }: Pick<Ports, 'db'>): Promise<Load> {
  const load = await readOpenLoad(db)
  if (load) return load
  throw fail('conflict', { reason: 'No archive is being loaded: POST /v1/load begins one.' })
}

async function checkVersion(tx: Db, header: ArchiveHeader): Promise<void> {
  const { archive_format: format, schema, version } = header
  const known = await readSchemaNumber(tx)
  if (format <= archiveFormat && schema <= known) return
  throw fail('bad_request', {
    reason: `The archive was made by a newer version of Nacre (${version}; format ${format}, schema ${schema}; this one knows ${archiveFormat} and ${known}).`,
    hint: 'Load it with that version or a later one.',
  })
}

function otherLoad({ archiveId }: Load) {
  return fail('conflict', {
    reason: `Another archive is being loaded here (${archiveId}).`,
    hint: 'Finish that one, or take a new, empty server.',
    details: { archive_id: archiveId },
  })
}

function notEmpty(table: string) {
  return fail('conflict', {
    reason: `An archive is loaded into an empty server only, and this one has ${table.replaceAll('_', ' ')} of its own. Nothing was changed.`,
    hint: 'Start a server on a new folder (NACRE_DATA) or database, and load into that.',
    details: { table },
  })
}
