import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'
import { guideSteps, missingLine, typeGuide } from '../support/guide.ts'

const page = new URL('../../docs/guide/write-a-plugin.md', import.meta.url)
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

test('docs/guide/write-a-plugin.md: typed as it stands, it prints what it says', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-guide-'))
  const server = await startServerProcess(join(folder, 'data'))
  try {
    const markdown = (await readFile(page, 'utf8'))
      .replaceAll('.nacre/admin.key', join(folder, 'data', 'admin.key'))
      .replaceAll('http://127.0.0.1:8686', server.url)
    const prelude = [
      `nacre() { ${process.execPath} ${main} "$@"; }`,
      `export NACRE_URL=${server.url} NACRE_ADMIN_KEY=${server.key}`,
    ].join('\n')

    const typed = await typeGuide(guideSteps(markdown), folder, prelude)

    assert.ok(typed.length > 8)
    for (const { script, line, expected, output } of typed) {
      await t.test(`line ${line}: ${script.split('\n', 1)[0]}`, () => {
        const missing = expected === null ? null : missingLine(expected, output)
        assert.equal(missing, null, `not printed: ${missing}\nprinted:\n${output}`)
      })
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})
