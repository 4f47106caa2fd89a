import { execFile } from 'node:child_process'
import { chown, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { fail } from '../../domain/failure.ts'
import type { Binaries } from './binaries.ts'

const run = promisify(execFile)

/**
 * Who PostgreSQL runs as. It refuses root, and a user without a name: then a user namespace of its own gives it
 * another one while its files stay ours; where the kernel refuses that, the system's user `postgres`.
 */
export type Identity =
  | { kind: 'self' }
  | { kind: 'namespace'; uid: number; gid: number }
  | { kind: 'user'; uid: number; gid: number }

export interface Invocation {
  command: string
  args: string[]
  options: { uid?: number; gid?: number; env: Record<string, string> }
}

/**
 * Chooses how PostgreSQL can run on the folder, which exists.
 * Throws `database_unavailable` where it cannot (design 7: name DATABASE_URL).
 */
export async function findIdentity(binaries: Binaries, folder: string): Promise<Identity> {
  if (process.getuid?.() !== 0 && hasName()) return { kind: 'self' }
  const accounts = await readAccounts()
  const mapped = await namespaceIdentity(binaries, accounts)
  if (mapped) return mapped
  const user = process.getuid?.() === 0 ? await userIdentity(binaries, accounts, folder) : null
  if (user) return user
  throw fail('database_unavailable', {
    reason:
      'PostgreSQL refuses to run as root, this system refuses user namespaces (unshare --user), and there is no user postgres that reaches the data folder and the program; start as another user, put NACRE_DATA in a folder that the user postgres can reach, or set DATABASE_URL to a PostgreSQL of yours.',
  })
}

/** The same command, run as that identity. */
export function runAs(
  identity: Identity,
  binaries: Binaries,
  command: string,
  args: string[],
): Invocation {
  const { env } = binaries
  switch (identity.kind) {
    case 'self':
      return { command, args, options: { env } }
    case 'user':
      return { command, args, options: { env, uid: identity.uid, gid: identity.gid } }
    case 'namespace':
      return {
        command: 'unshare',
        args: [...namespaceFlags(identity), command, ...args],
        options: { env },
      }
  }
}

function namespaceFlags({ uid, gid }: { uid: number; gid: number }): string[] {
  return ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--']
}

function hasName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

interface Account {
  name: string
  uid: number
  gid: number
}

async function readAccounts(): Promise<Account[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
}

/** initdb looks its user's name up, so the namespace must map to an account that exists, if any does. */
async function namespaceIdentity(
  binaries: Binaries,
  accounts: Account[],
): Promise<Identity | null> {
  const account = accounts.find(({ uid }) => uid === 1000) ??
    accounts.find(({ uid }) => uid > 0) ?? { uid: 1000, gid: 1000 }
  try {
    await run('unshare', [...namespaceFlags(account), 'true'], { env: binaries.env })
    return { kind: 'namespace', uid: account.uid, gid: account.gid }
  } catch {
    return null
  }
}

async function userIdentity(
  binaries: Binaries,
  accounts: Account[],
  folder: string,
): Promise<Identity | null> {
  const account = accounts.find(({ name }) => name === 'postgres')
  if (!account) return null
  const { uid, gid } = account
  try {
    await chown(folder, uid, gid)
    await run('/bin/sh', ['-c', 'test -w "$1" && test -x "$2"', 'sh', folder, binaries.postgres], {
      uid,
      gid,
    })
    return { kind: 'user', uid, gid }
  } catch {
    await chown(folder, 0, 0)
    return null
  }
}
