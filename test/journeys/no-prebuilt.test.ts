import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')

test('where no addon fits, the demo stops within 5 s with two choices to copy, and builds nothing', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-no-prebuilt-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const isNeeded = (path: string) => !path.includes('prebuilt') && !path.includes('target')
  for (const part of ['src', 'edge', 'native', 'launcher', 'python']) {
    await cp(join(root, part), join(folder, part), { recursive: true, filter: isNeeded })
  }
  await cp(join(root, 'package.json'), join(folder, 'package.json'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))

  const started = performance.now()
  const demo = spawn(process.execPath, [join(folder, 'src/cli/main.ts'), 'demo'], {
    // No binary of an earlier build, and no cargo to find.
    env: { PATH: '', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [said, [status]] = await Promise.all([text(demo.stderr), once(demo, 'exit')])

  assert.equal(status, 6, said)
  assert.match(said, /^ {2}build it here .*: {2}npm run edge:build$/m)
  assert.match(said, /^ {2}or use a Qdrant server instead: +QDRANT_URL=http\S+ npm/m)
  assert.ok(performance.now() - started < 5_000)
})
