import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import type { Logger } from '../../ports/logger.ts'
import { findBinaries } from './binaries.ts'
import { ensureCluster, superuser } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { findIdentity, runAs } from './identity.ts'
import { stopLeftovers } from './leftovers.ts'
import { Postmaster, supervised } from './postmaster.ts'

export interface EmbeddedPostgres extends AsyncDisposable {
  /** Connection string of the database `nacre`, for `pg`. */
  url: string
}

/** sockaddr_un holds 108 bytes on Linux, 104 elsewhere, the closing zero among them. */
const socketPathBytesMax = 103
/** Names the socket; nothing listens on it over TCP. */
const socketPort = 5432

type Address = { kind: 'socket'; folder: string } | { kind: 'loopback'; port: number }

/**
 * Runs PostgreSQL in `folder` until it is disposed, or until this process dies (design 7, PostgreSQL).
 * A server that a killed process left there is stopped first. The caller holds the data folder's lock.
 * Throws `database_unavailable` with what to do about it.
 */
export async function openEmbeddedPostgres(given: {
  folder: string
  log: Logger
}): Promise<EmbeddedPostgres> {
  const { log } = given
  await mkdir(given.folder, { recursive: true, mode: 0o700 })
  const folder = await realpath(given.folder)
  const binaries = await findBinaries(join(folder, 'lib'))
  await stopLeftovers(join(folder, 'data'), log)
  const identity = await findIdentity(binaries, folder)
  const cluster = await ensureCluster(folder, binaries, identity)
  const address = await chooseAddress(folder)
  const program = supervised(binaries.postgres, [`-D`, cluster.dataFolder, ...serverFlags(address)])
  const invocation = runAs(identity, binaries, program.command, program.args)
  const postmaster = new Postmaster(invocation, cluster.dataFolder, log)
  try {
    await postmaster.start()
    await ensureDatabase(urlOf(address, cluster, 'postgres'))
  } catch (error) {
    await postmaster[Symbol.asyncDispose]()
    throw error
  }
  return {
    url: urlOf(address, cluster, 'nacre'),
    [Symbol.asyncDispose]: () => postmaster[Symbol.asyncDispose](),
  }
}

async function chooseAddress(folder: string): Promise<Address> {
  const path = join(folder, `.s.PGSQL.${socketPort}`)
  if (Buffer.byteLength(path) <= socketPathBytesMax) return { kind: 'socket', folder }
  return { kind: 'loopback', port: await keptPort(folder) }
}

function urlOf(address: Address, { password }: Cluster, database: string): string {
  if (address.kind === 'loopback') {
    return `postgresql://${superuser}:${password}@127.0.0.1:${address.port}/${database}`
  }
  return `postgresql://${superuser}@localhost:${socketPort}/${database}?host=${encodeURIComponent(address.folder)}`
}

/** What differs from PostgreSQL's defaults, for a database of a few processes that is idle most of the time. */
function serverFlags(address: Address): string[] {
  const settings: Record<string, string | number> = {
    ...(address.kind === 'socket'
      ? {
          listen_addresses: '',
          port: socketPort,
          unix_socket_directories: socketSetting(address.folder),
        }
      : { listen_addresses: '127.0.0.1', port: address.port, unix_socket_directories: '' }),
    unix_socket_permissions: '0700',
    // Each process takes up to databaseConnectionsMax and a handful more, and several may share one folder.
    max_connections: 300,
    shared_buffers: '32MB',
    max_wal_size: '512MB',
    // No replica ever reads this log.
    wal_level: 'minimal',
    max_wal_senders: 0,
    // Containers give 64 MB of /dev/shm, and parallel plans gain nothing on our queries.
    max_parallel_workers_per_gather: 0,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** The setting is a list: quotes keep a comma or blank in a folder's name. */
function socketSetting(folder: string): string {
  return `"${folder.replaceAll('"', '""')}"`
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = 'nacre'")
    if (rowCount === 0) await client.query('CREATE DATABASE nacre')
  } finally {
    await client.end()
  }
}

/** That of the last start where it is free: other processes of the folder find the server again after a restart. */
async function keptPort(folder: string): Promise<number> {
  const path = join(folder, 'port')
  const kept = Number(await readFile(path, 'utf8').catch(() => ''))
  const port = await freePort(Number.isInteger(kept) && kept < 65_536 ? kept : 0)
  if (port !== kept) await writeFile(path, `${port}\n`, { mode: 0o600 })
  return port
}

/** The wanted one, or any where it is taken. */
async function freePort(wanted: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => (wanted === 0 ? reject(error) : resolve(freePort(0))))
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
