import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fail } from '../../domain/failure.ts'
import type { Binaries } from './binaries.ts'
import { runAs } from './identity.ts'
import type { Identity } from './identity.ts'

const temporaryPrefix = 'data.new-'
export const superuser = 'nacre'

/** What lies in the folder: the cluster itself, and the password that connections over loopback need. */
export interface Cluster {
  dataFolder: string
  password: string
}

/**
 * Makes the cluster where there is none. It is built beside its place and renamed into it, so a start that was
 * killed leaves rubbish that the next one removes, never half a database.
 */
export async function ensureCluster(
  folder: string,
  binaries: Binaries,
  identity: Identity,
): Promise<Cluster> {
  const dataFolder = join(folder, 'data')
  const password = await ensurePassword(folder, identity)
  for (const name of await readdir(folder)) {
    if (name.startsWith(temporaryPrefix))
      await rm(join(folder, name), { recursive: true, force: true })
  }
  if (!(await isCluster(dataFolder))) {
    const fresh = join(folder, `${temporaryPrefix}${randomBytes(4).toString('hex')}`)
    await initialise(fresh, folder, binaries, identity)
    await rename(fresh, dataFolder)
    await sync(folder)
  }
  return { dataFolder, password }
}

async function isCluster(dataFolder: string): Promise<boolean> {
  return await readFile(join(dataFolder, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

/** With LANG unset initdb would make SQL_ASCII (design 7): encoding and locale are said. */
async function initialise(
  target: string,
  folder: string,
  binaries: Binaries,
  identity: Identity,
): Promise<void> {
  const flags = [
    `--pgdata=${target}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile(folder)}`,
  ]
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8']
  const access = ['--auth-local=trust', '--auth-host=scram-sha-256']
  const { command, args, options } = runAs(identity, binaries, binaries.initdb, [
    ...flags,
    ...locale,
    ...access,
  ])
  try {
    await promisify(execFile)(command, args, { ...options, cwd: folder })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause)
    throw fail(
      'database_unavailable',
      {
        reason: `initdb failed in ${folder}: ${reason}; set DATABASE_URL to use a PostgreSQL of yours.`,
      },
      { cause },
    )
  }
}

async function ensurePassword(folder: string, identity: Identity): Promise<string> {
  const path = passwordFile(folder)
  const known = await readFile(path, 'utf8').catch(() => '')
  if (known.trim() !== '') return known.trim()
  const password = randomBytes(24).toString('hex')
  await writeFile(path, `${password}\n`, { mode: 0o600, flush: true })
  await chmod(path, 0o600)
  if (identity.kind === 'user') await chown(path, identity.uid, identity.gid)
  return password
}

function passwordFile(folder: string): string {
  return join(folder, 'password')
}

/** A rename is on disk only when its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync()
  await handle.close()
}
