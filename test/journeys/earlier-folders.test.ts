import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openClient } from '../../src/cli/demo/client.ts'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'
import { answersOf } from '../support/kept-archive.ts'
import { unpackFolder } from '../support/kept-folder.ts'
import type { Answer } from '../support/server.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const kept = (await readdir(fixtures)).filter((name) => /^folder-\d+\.br$/.test(name))

describe('the data folder of an earlier version opens in this one', () => {
  test('there is such a folder', () => assert.ok(kept.includes('folder-12.br')))

  for (const name of kept) {
    test(`${name}: it answers as it did, takes what is written, and keeps both through a start`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'nacre-kept-'))
      try {
        const data = join(folder, 'data')
        const { key, answers } = await unpackFolder(join(fixtures, name), data)

        const server = await startServerProcess(data)
        try {
          assert.deepEqual(await answersOf(openClient(server.url, key)), answers)
          assert.deepEqual(await answersOf(openClient(server.url, server.key)), answers)
          await write(server)
        } finally {
          await server.stop()
        }

        const again = await startServerProcess(data)
        try {
          const { documents, ...found } = await answersOf(openClient(again.url, key))
          assert.deepEqual(
            documents.filter((one: Answer) => one.id !== 'of a later version'),
            answers.documents,
          )
          assert.equal(documents.length, answers.documents.length + 1)
          assert.deepEqual(found, { filtered: answers.filtered + 1, near: answers.near })
        } finally {
          await again.stop()
        }
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 20 })
      }
    })
  }
})

async function write({ url, key }: { url: string; key: string }): Promise<void> {
  const client = openClient(url, key).within('films')
  await client.call('POST', '/v1/collections/plots/documents', {
    document_id: 'of a later version',
    year: 2040,
    vectors: { own: [0, 1, 0] },
  })
}
