import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkFormat } from '../../src/adapters/data-folder/format.ts'
import { openClient } from '../../src/cli/demo/client.ts'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'
import { dataFormat, edgeVersion, postgresMajor } from '../../src/product.ts'
import { answersOf, readKeptArchive, unpackTo } from '../support/kept-archive.ts'
import { runNacre } from '../support/process.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const kept = (await readdir(fixtures)).filter((name) => /^archive-\d+\.json\.br$/.test(name))

describe('what an earlier version made opens in this one', () => {
  test('there is such an archive', () => assert.ok(kept.includes('archive-12.json.br')))

  for (const name of kept) {
    test(`${name}: loaded into a new folder it answers as it did, and its keys work`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'nacre-kept-'))
      try {
        const archive = await readKeptArchive(join(fixtures, name))
        await unpackTo(join(folder, 'archive'), archive)
        const data = join(folder, 'data')
        const loaded = await runNacre([
          'load',
          join(folder, 'archive'),
          '--offline',
          '--data',
          data,
        ])
        assert.equal(loaded.status, 0, loaded.stderr + loaded.stdout)

        const server = await startServerProcess(data)
        try {
          assert.deepEqual(await answersOf(openClient(server.url, archive.key)), archive.answers)
          assert.deepEqual(await answersOf(openClient(server.url, server.key)), archive.answers)
        } finally {
          await server.stop()
        }
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 20 })
      }
    })

    test(`${name}: the data folder that it was made of is not refused`, async () => {
      const { format } = await readKeptArchive(join(fixtures, name))
      const known = { format: dataFormat, postgresMajor, edge: edgeVersion }
      assert.doesNotThrow(() => checkFormat('an earlier folder', format, known))
    })
  }
})
