import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../config.ts'
import { archiveLimits, type ArchiveLimits } from './archive-limits.ts'
import { unpackArchive, type UnpackedArchive } from './unpack-archive.ts'

export const standardLimits: ArchiveLimits = archiveLimits(readConfig({}))

/** A folder for one test, with everything in it that the unpacking left. */
export interface Unpacked extends AsyncDisposable {
  result: UnpackedArchive
  /** Where the plugin is, if it was taken. */
  folder: string
  /** Names beside the plugin's folder, itself included. */
  left: readonly string[]
}

/** Unpacks into a fresh folder two levels deep, so that a way out of it would be seen. */
export async function unpack(
  archive: Uint8Array,
  limits: Partial<ArchiveLimits> = {},
): Promise<Unpacked> {
  const root = await mkdtemp(join(tmpdir(), 'nacre-archive-'))
  const folder = join(root, 'deep', 'plugin')
  const result = await unpackArchive(archive, folder, { ...standardLimits, ...limits })
  const left = await readdir(root, { recursive: true })
  return {
    result,
    folder,
    left: left.filter((name) => name !== 'deep').map((name) => name.slice('deep/'.length)),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
}

/** A hostile archive, and the words in which it is refused. */
export interface Hostile {
  /** Ends the sentence "… is refused". */
  what: string
  archive: () => Buffer
  says: RegExp
  limits?: Partial<ArchiveLimits>
}

/** One test an archive: refused in these words, soon, and without a trace on the disk. */
export function refused(kind: string, archives: readonly Hostile[]): void {
  for (const { what, archive, says, limits } of archives) {
    test(`${kind} ${what} is refused, and leaves nothing`, { timeout: 20_000 }, async () => {
      const bytes = archive()

      await using unpacked = await unpack(bytes, limits)

      assert.match(unpacked.result.errors.join('\n'), says)
      assert.deepEqual(unpacked.result.files, [])
      assert.equal(unpacked.result.codeHash, null)
      assert.deepEqual(unpacked.left, [])
    })
  }
}
