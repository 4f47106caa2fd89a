import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { packFolder } from './pack-folder.ts'

describe('packFolder()', () => {
  let folder: string
  let target: string

  beforeEach(async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'nacre-pack-'))
    folder = join(scratch, 'plugin')
    target = join(scratch, 'plugin.tar.gz')
    await write('manifest.py', 'version = "1.0.0"\n')
    await write('pipeline.py', 'def build_steps():\n    return []\n')
  })
  afterEach(() => rm(dirname(folder), { recursive: true, force: true }))

  test('packs every file of the plugin and nothing of the tools around it', async () => {
    await write('processors/core.py', 'x = 1\n')
    await write('models/weights.bin', '\0'.repeat(5_000))
    for (const name of ['.git/HEAD', '.env', '__pycache__/a.pyc', 'b.pyc', 'venv/lib/x.py'])
      await write(name, 'x')

    const packed = await packFolder(folder, target, 5)

    const files = ['manifest.py', 'models/weights.bin', 'pipeline.py', 'processors/core.py']
    assert.deepEqual(packed.files, files)
    const inside = await unpacked(target)
    assert.deepEqual([...inside.keys()], files)
    assert.equal(inside.get('models/weights.bin')?.length, 5_000)
    assert.equal(inside.get('processors/core.py')?.toString(), 'x = 1\n')
    assert.equal(packed.sizeBytes, (await readFile(target)).length)
  })

  test('makes the same bytes of the same files, whenever they were written', async () => {
    await packFolder(folder, target, 5)
    const first = await readFile(target)
    await utimes(join(folder, 'manifest.py'), 1, 1)
    await packFolder(folder, target, 5)

    assert.deepEqual(await readFile(target), first)
  })

  test('refuses a folder without manifest.py or pipeline.py, one that is none, a link in it, and too many files', async () => {
    await assert.rejects(packFolder(join(folder, 'absent'), target, 5), /is no folder/)
    await symlink('/etc/hostname', join(folder, 'link.py'))
    await assert.rejects(packFolder(folder, target, 5), /link\.py is a link/)
    await rm(join(folder, 'link.py'))
    for (const i of [1, 2, 3, 4]) await write(`more/${i}.py`, '')
    await assert.rejects(packFolder(folder, target, 5), /more than 5 files/)
    await rm(join(folder, 'pipeline.py'))
    await assert.rejects(packFolder(folder, target, 5), /has no pipeline\.py/)
  })

  async function write(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
})

async function unpacked(path: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for await (const entry of createReadStream(path).pipe(createGunzip()).pipe(extract())) {
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    files.set(entry.header.name, Buffer.concat(parts))
  }
  return files
}
