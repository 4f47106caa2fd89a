import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'

test('README: the quickstart runs as it stands, and finds the film in space', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-quickstart-'))
  const server = await startServerProcess(folder)
  try {
    const script = (await quickstart())
      .replaceAll('.nacre/admin.key', join(folder, 'admin.key'))
      .replaceAll('http://127.0.0.1:8686', server.url)

    const { status, output } = await bash(script)

    assert.equal(status, 0, output)
    const answers = output.trimEnd()
    assert.match(answers, /"documents":\[\{[^}]*freighter/)
    assert.match(answers, /"field_name":"year","type":"integer"/)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

async function quickstart(): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const block = /<!-- quickstart:[^>]*-->\s*```sh\n([\s\S]*?)```/.exec(readme)?.[1]
  assert.ok(block, 'README.md has a block marked as the quickstart')
  return block
}

async function bash(script: string): Promise<{ status: number | null; output: string }> {
  const child = spawn('bash', ['-eo', 'pipefail', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (part) => (output += part))
  child.stderr.on('data', (part) => (output += part))
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const [status] = await once(child, 'close')
  clearTimeout(timer)
  return { status: status as number | null, output }
}
