import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readlink, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFailure } from '../../domain/failure.ts'
import { blobStoreContract } from '../../ports/blob-store.contract.ts'
import { openFsBlobs } from './open-fs-blobs.ts'

const folders: string[] = []
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-blobs-'))
  folders.push(folder)
  return folder
}

blobStoreContract('FsBlobs', async () => await openFsBlobs(await temporaryFolder()))

describe('openFsBlobs()', () => {
  // Node ends a process that leaves a file handle to the garbage collector.
  test('a blob that is opened and never read holds no file open', async (t) => {
    if (process.platform !== 'linux') return t.skip('there is no /proc')
    const folder = await temporaryFolder()
    const store = await openFsBlobs(folder)
    const { hash } = await store.put(Buffer.from('here'))

    const content = await store.open(hash)
    const aborted = await store.open(hash, AbortSignal.abort())

    const held = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    )
    assert.deepEqual(
      held.filter((path) => path.startsWith(folder)),
      [],
    )
    assert.ok(content && aborted)
    assert.deepEqual(Buffer.concat(await Array.fromAsync(content)).toString(), 'here')
  })

  test('a blob lies under two levels of folders, and nothing else is left behind', async () => {
    const folder = await temporaryFolder()
    const store = await openFsBlobs(folder)

    const { hash } = await store.put(Buffer.from('here'))
    await assert.rejects(store.put(Buffer.from('x'), AbortSignal.abort()))

    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile(),
    )
    assert.deepEqual(
      files.map((file) => join(file.parentPath, file.name)),
      [join(folder, hash.slice(0, 2), hash.slice(2, 4), hash)],
    )
  })

  test('what a killed process left unfinished is removed a day later', async () => {
    const folder = await temporaryFolder()
    await openFsBlobs(folder)
    const [old, young] = [join(folder, 'incoming', 'old'), join(folder, 'incoming', 'young')]
    await writeFile(old, 'half')
    await writeFile(young, 'half')
    await utimes(old, 1, 1)

    await openFsBlobs(folder)

    assert.deepEqual(await readdir(join(folder, 'incoming')), ['young'])
  })

  test('a folder that cannot be written is storage_unavailable with the reason', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'file'), '')

    await assert.rejects(
      openFsBlobs(join(folder, 'file', 'blobs')),
      (error) => isFailure(error, 'storage_unavailable') && /ENOTDIR/.test(error.message),
    )
  })

  test('a full disk is storage_unavailable with the reason, and what was there stays', async (t) => {
    const folder = await temporaryFolder()
    const isolate = ['--user', '--mount', '--map-root-user', '--']
    const mount = 'mount -t tmpfs -o size=256k none "$1" && exec "$2" "$3" "$1"'
    if (spawnSync('unshare', [...isolate, 'mount', '-t', 'tmpfs', 'none', folder]).status !== 0) {
      return t.skip('this system refuses a mount in a user namespace')
    }

    const script = fileURLToPath(new URL('fill-disk.fixture.ts', import.meta.url))
    const child = spawnSync(
      'unshare',
      [...isolate, 'sh', '-c', mount, 'sh', folder, process.execPath, script],
      {
        encoding: 'utf8',
      },
    )

    assert.equal(child.stderr, '')
    assert.deepEqual(JSON.parse(child.stdout), {
      error:
        'storage_unavailable: The store of originals does not answer: the disk is full (ENOSPC)',
      kept: 'small',
      left: [],
    })
  })

  test('put() while its folder is gone is storage_unavailable', async () => {
    const folder = await temporaryFolder()
    const store = await openFsBlobs(folder)
    await rm(folder, { recursive: true })

    await assert.rejects(store.put(Buffer.from('x')), (error) =>
      isFailure(error, 'storage_unavailable'),
    )
    await assert.rejects(store.ping(), (error) => isFailure(error, 'storage_unavailable'))
  })
})
