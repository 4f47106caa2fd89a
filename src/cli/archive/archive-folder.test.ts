import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { appendLines, createLines, readJson } from './archive-folder.ts'

describe('files of an archive', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacre-folder-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const [name, text, last, kept] of [
    ['whole lines', 'one\ntwo\n', 'two', 'one\ntwo\n'],
    ['a line that a kill cut off', 'one\ntwo\nthr', 'two', 'one\ntwo\n'],
    ['nothing but such a line', 'on', null, ''],
    ['nothing', '', null, ''],
    [
      'a line longer than a read',
      `${'x'.repeat(200_000)}\n${'y'.repeat(70_000)}`,
      'x'.repeat(200_000),
      `${'x'.repeat(200_000)}\n`,
    ],
  ] as const) {
    test(`a file with ${name} goes on after its last whole line`, async () => {
      const path = join(folder, 'growing.ndjson')
      await writeFile(path, text)
      const file = await appendLines(path)
      await file.write(['next'])
      await file.close()

      assert.equal(file.last, last)
      assert.equal(await readFile(path, 'utf8'), `${kept}next\n`)
    })
  }

  test('a file that was not closed is not there, and the one of before stays', async () => {
    const path = join(folder, 'new', 'lines.ndjson')
    {
      await using unfinished = await createLines(path)
      await unfinished.write(['lost'])
    }
    assert.deepEqual(await readdir(join(folder, 'new')), ['lines.ndjson.part'])
    assert.equal(await readJson(path), null)

    const file = await createLines(path)
    await file.write(['1'])
    await file.close()
    {
      await using unfinished = await createLines(path)
      await unfinished.write(['2'])
    }
    assert.equal(await readJson(path), 1)
  })
})
