import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isFailure } from '../../domain/failure.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { findBinaries, type Binaries } from './binaries.ts'
import { ensureCluster } from './cluster.ts'
import { findIdentity, runAs } from './identity.ts'
import { Postmaster, supervised } from './postmaster.ts'

const isRoot = process.getuid?.() === 0
const skip = isRoot ? false : 'what is chosen for root, root alone can try'
const account = (await readFile('/etc/passwd', 'utf8').catch(() => ''))
  .split('\n')
  .find((line) => line.startsWith('postgres:'))

describe('findIdentity() for root, on a system that refuses user namespaces', { skip }, () => {
  test(
    'takes the user postgres where it reaches the folder, and PostgreSQL runs so',
    {
      skip: account === undefined && 'this system has no user postgres',
    },
    async () => {
      await using place = await temporaryFolder(0o755)
      const folder = join(place.path, 'postgres')
      await mkdir(folder, { mode: 0o700 })
      const binaries = await withoutNamespaces(place.path, folder)

      const identity = await findIdentity(binaries, folder)

      assert.equal(identity.kind, 'user')
      const { dataFolder } = await ensureCluster(folder, binaries, identity)
      const flags = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${folder}`]
      const program = supervised(binaries.postgres, ['-D', dataFolder, ...flags])
      const invocation = runAs(identity, binaries, program.command, program.args)
      await using postmaster = new Postmaster(invocation, dataFolder, silentLogger)
      await postmaster.start()
      const { uid } = await stat(join(dataFolder, 'postmaster.pid'))
      assert.equal(uid, Number(account?.split(':')[2]))
    },
  )

  test('names DATABASE_URL below a parent that only root enters, and leaves the folder to root', async () => {
    await using place = await temporaryFolder(0o700)
    const folder = join(place.path, 'postgres')
    await mkdir(folder, { mode: 0o700 })

    await assert.rejects(
      findIdentity(await withoutNamespaces(place.path, folder), folder),
      (error) => isFailure(error, 'database_unavailable') && /DATABASE_URL/.test(error.message),
    )

    assert.equal((await stat(folder)).uid, 0)
  })
})

/** The programs, in an environment where `unshare` fails, as it does where the kernel refuses it. */
async function withoutNamespaces(place: string, folder: string): Promise<Binaries> {
  const binaries = await findBinaries(join(folder, 'lib'))
  const refusing = join(place, 'unshare')
  await writeFile(refusing, '#!/bin/sh\nexit 1\n')
  await chmod(refusing, 0o755)
  return { ...binaries, env: { ...binaries.env, PATH: `${place}:${binaries.env['PATH']}` } }
}

async function temporaryFolder(mode: number) {
  const path = await mkdtemp(join(tmpdir(), 'nacre-identity-'))
  await chmod(path, mode)
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
