import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { writeStarter } from './write-starter.ts'

describe('writeStarter()', () => {
  let scratch: string

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'nacre-starter-'))
  })
  afterEach(() => rm(scratch, { recursive: true, force: true }))

  test('writes a plugin under the name of its folder, in all of its files', async () => {
    const folder = join(scratch, 'my-embed')

    const written = await writeStarter(folder)

    assert.deepEqual(
      written,
      ['README.md', 'manifest.py', 'pipeline.py'].map((file) => join(folder, file)),
    )
    const text = (await Promise.all(written.map((path) => readFile(path, 'utf8')))).join('\n')
    assert.match(text, /feature_extractor_name = "my_embed"/)
    assert.match(text, /"feature_name": "my_embed_embedding"/)
    assert.match(text, /class MyEmbed:/)
    assert.doesNotMatch(text, /starter/i)
  })

  test('takes a name, and refuses one that the server would refuse with one that it takes', async () => {
    const [path = ''] = await writeStarter(join(scratch, 'a'), 'other_name')
    assert.match(await readFile(path, 'utf8'), /other_name/)

    await assert.rejects(writeStarter(join(scratch, 'b'), '9 lives'), /'9 lives'.*such as _?lives/)
    await assert.rejects(writeStarter(join(scratch, 'c'), 'é'), /is no name of a plugin/)
  })

  test('overwrites nothing', async () => {
    await writeFile(join(scratch, 'notes.txt'), 'mine')

    await assert.rejects(writeStarter(scratch, 'my_embed'), /is not empty/)
    assert.equal(await readFile(join(scratch, 'notes.txt'), 'utf8'), 'mine')
  })
})
