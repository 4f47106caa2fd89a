import assert from 'node:assert/strict'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { isFailure } from '../../domain/failure.ts'
import { openDiskRoom } from './disk-room.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nacre-room-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('the room on the disk of the data folder', () => {
  test('is there as long as what is left is more than the reserve', async () => {
    const room = openDiskRoom(folder, 1)

    await room.assertRoom()
    await room.assertRoom(1)
    await room.assertRoomToDelete()
  })

  test('is not there for what would leave less than the reserve, and says which setting keeps it', async () => {
    const free = await freeBytes()
    const room = openDiskRoom(folder, free / 2)

    await assert.rejects(
      room.assertRoom(free),
      (error) =>
        isFailure(error, 'disk_unavailable') &&
        /\d+ MB left, \d+ MB more are needed, and \d+ MB are kept free \(NACRE_DISK_RESERVE_BYTES\)/.test(
          error.message,
        ),
    )
  })

  test('is there for deletes where nothing else may grow', async () => {
    const room = openDiskRoom(folder, 2 * (await freeBytes()))

    await assert.rejects(room.assertRoom(), (error) => isFailure(error, 'disk_unavailable'))
    await room.assertRoomToDelete()
  })

  test('is not there for anything once the reserve is used up too', async () => {
    const room = openDiskRoom(folder, 2 ** 50)

    await assert.rejects(room.assertRoomToDelete(), (error) => isFailure(error, 'disk_unavailable'))
  })

  test('is not there where the folder is gone', async () => {
    const room = openDiskRoom(join(folder, 'absent'), 0)

    await assert.rejects(room.assertRoom(), /the data folder is gone \(ENOENT\)/)
  })
})

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
