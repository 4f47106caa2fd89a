import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { advanceIdentities } from '../../store/archive-rows.ts'
import { archiveTables } from '../../store/archive-tables.ts'
import {
  endLoad as markLoaded,
  openLoadedNamespaces,
  readPositions,
  removeFirstStart,
} from '../../store/loads.ts'
import { cachedNouns } from '../../store/cache.ts'
import type { Db } from '../../store/tables.ts'
import { recoverBatches } from '../batches/recover-batches.ts'
import { fail, invalid } from '../failure.ts'
import { recoverIndexChecks } from '../index-advisor/add-check.ts'
import { firstKeyOf, keepAdminKey } from '../organizations/keep-admin-key.ts'
import { ArchiveJob, type ArchiveHeader } from './archive.ts'
import { loadStatus, openLoad, type LoadStatus } from './begin-load.ts'
import { wholePart } from './load-points.ts'
import { insertRows, partName } from './load-rows.ts'

/** What comes with the end: nobody may use it before. */
export interface EndOfLoad {
  users: string[]
  apiKeys: string[]
  jobs: ArchiveJob[]
}

const EndLine = z.union([
  z.object({ table: z.enum(['users', 'api_keys']) }),
  z.object({ job: ArchiveJob }),
])

/** `{"table": "users"}`, rows as `{"row": …}`, `{"job": …}`. Throws `request_invalid`. */
export function parseEnd(lines: readonly string[]): EndOfLoad {
  const rows: Record<'users' | 'api_keys', string[]> = { users: [], api_keys: [] }
  const jobs: ArchiveJob[] = []
  let table: keyof typeof rows | null = null
  for (const [i, line] of lines.entries()) {
    if (line.startsWith('{"row":') && table) {
      rows[table].push(line.slice('{"row":'.length, -1))
      continue
    }
    const { data } = EndLine.safeParse(parsed(line))
    if (!data) throw invalid(['body', i], 'is no line of the end of an archive', 'invalid_format')
    if ('table' in data) table = data.table
    else jobs.push(data.job)
  }
  return { users: rows.users, apiKeys: rows.api_keys, jobs }
}

/**
 * The archive answers from now on: its users and keys take the place of the first start's, but for this server's own
 * admin key, namespaces open, and what waited in the queue goes on. All of it or nothing. Throws `conflict` where a
 * namespace is not whole.
 */
export async function endLoad(
  ports: Pick<Ports, 'db' | 'cache' | 'queue' | 'now' | 'newId'>,
  end: EndOfLoad,
): Promise<LoadStatus> {
  const { archiveId, header, organizationId } = await openLoad(ports)
  await checkWhole(ports.db, header)
  await ports.db.transaction().execute(async (tx) => {
    const own = await firstKeyOf(tx, organizationId)
    const keepsOrganization = header.organizations.includes(organizationId)
    await removeFirstStart(tx, organizationId, { keepsOrganization })
    await insertRows(tx, tableOf('users'), end.users)
    await insertRows(tx, tableOf('api_keys'), end.apiKeys)
    if (own) await keepAdminKey(tx, ports, own, `${own.name}-${archiveId}`)
    await openLoadedNamespaces(
      tx,
      header.namespaces.map(({ id }) => id),
    )
    await advanceIdentities(tx)
    await addJobs(tx, ports, end.jobs)
    await markLoaded(tx, archiveId)
  })
  for (const noun of cachedNouns) ports.cache.forget(noun)
  return await loadStatus(ports, archiveId)
}

async function checkWhole(db: Db, { archive_id: archiveId, namespaces }: ArchiveHeader) {
  const positions = await readPositions(db, archiveId)
  const missing = namespaces.find(({ id }) => !positions.has(partName(id, wholePart)))
  if (!missing) return
  throw fail('conflict', {
    reason: `The namespace '${missing.id}' of the archive is not here yet.`,
  })
}

async function addJobs(
  tx: Db,
  { queue }: Pick<Ports, 'queue'>,
  jobs: readonly ArchiveJob[],
): Promise<void> {
  for (const { name, payload, delay_seconds: delaySeconds, singleton_key: key } of jobs) {
    await queue.add(tx, name, payload, { delaySeconds, ...(key !== null && { singletonKey: key }) })
  }
  await recoverBatches({ db: tx, queue })
  await recoverIndexChecks({ db: tx, queue })
}

function tableOf(name: string) {
  const table = archiveTables.find((one) => one.name === name)
  if (!table) throw new Error(`${name} is no table of an archive`)
  return table
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
