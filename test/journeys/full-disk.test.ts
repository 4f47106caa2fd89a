import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runOnSmallDisk, whyNoSmallDisk } from '../support/small-disk.ts'

const script = fileURLToPath(new URL('full-disk.fixture.ts', import.meta.url))
const skip = whyNoSmallDisk() ?? false

interface Answers {
  write: [status: number, message: string, hint: string | null]
  object: number
  read: number
}

test(
  'a server whose disk others fill answers 503 with the reason, reads on, and goes on by itself when there is room',
  { skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nacre-disk-'))
    try {
      const told = await runOnSmallDisk<Record<string, Answers>>(script, folder, 512)

      const well = { write: [200, '', null], object: 200, read: 200 }
      assert.deepEqual(told['with room'], well)
      const { write, object, read } = told['in the reserve'] ?? {}
      assert.equal(write?.[0], 503)
      assert.match(write?.[1] ?? '', /MB left, and \d+ MB are kept free/)
      assert.deepEqual([object, read], [503, 200])
      const { write: refused, object: refusedObject } = told['full'] ?? {}
      assert.deepEqual([refused?.[0], refusedObject], [503, 503])
      assert.match(`${refused?.[1]} ${refused?.[2]}`, /has 0 MB left/)
      assert.deepEqual(told['with room again'], well)
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 20 })
    }
  },
)
