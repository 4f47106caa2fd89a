import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runOnSmallDisk, whyNoSmallDisk } from '../../../test/support/small-disk.ts'

const script = fileURLToPath(new URL('full-disk.fixture.ts', import.meta.url))
const skip = whyNoSmallDisk() ?? false

type Told = Record<string, { write: string; read: string; delete: string }>

test(
  'a disk that fills up or becomes read-only refuses writes with the reason, and takes them again without a restart',
  { skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nacre-full-'))
    try {
      const told = await runOnSmallDisk<Told>(script, folder, 320)

      const done = { write: 'done', read: 'done', delete: 'done' }
      assert.deepEqual(told['with room'], done)
      assert.match(told['in the reserve']?.write ?? '', /\d+ MB left, and 150 MB are kept free/)
      assert.equal(told['in the reserve']?.read, 'done')
      assert.equal(told['in the reserve']?.delete, 'done')
      assert.match(told['full']?.write ?? '', /has 0 MB left/)
      assert.equal(told['full']?.read, 'done')
      assert.match(told['full']?.delete ?? '', /has 0 MB left/)
      assert.deepEqual(told['with room again'], done)
      for (const answer of Object.values(told['read-only'] ?? { none: '' }))
        assert.match(answer, /read-only/)
      assert.deepEqual(told['writable again'], done)
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 20 })
    }
  },
)
