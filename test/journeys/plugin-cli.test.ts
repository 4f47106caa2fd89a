import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runNacre } from '../support/process.ts'

const examples = fileURLToPath(new URL('../../examples/plugins', import.meta.url))

describe('nacre plugin, without a server', () => {
  let folder: string

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'nacre-plugin-cli-')), 'my_embed')
  })
  afterEach(() => rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 20 }))

  test('init writes a plugin that check takes without a word, and that runs', async () => {
    const made = await runNacre(['plugin', 'init', folder])
    const checked = await runNacre(['plugin', 'check', folder, '--json'])
    const ran = await runNacre(['plugin', 'run', folder, '--text', 'Two words', '--json'])

    assert.equal(made.status, 0, made.stderr)
    assert.equal(checked.status, 0, checked.stdout + checked.stderr)
    const { manifest, errors, warnings, violations } = JSON.parse(checked.stdout)
    assert.deepEqual([errors, warnings, violations], [[], [], []])
    assert.deepEqual([manifest.name, manifest.version], ['my_embed', '1.0.0'])
    assert.equal(ran.status, 0, ran.stderr)
    const [row] = JSON.parse(ran.stdout).results
    assert.equal(row.documents[0].fields.word_count, 2)
    assert.equal(row.documents[0].vectors.my_embed_embedding.length, 64)
  })

  for (const name of ['keywords', 'starter']) {
    test(`check takes the example ${name}, and says how it is walled in`, async () => {
      const { status, stdout, stderr } = await runNacre(['plugin', 'check', join(examples, name)])

      assert.equal(status, 0, stdout + stderr)
      assert.match(stdout, new RegExp(`mixpeek://${name}@1\\.0\\.0/${name}_embedding`))
      assert.match(stdout, /Python 3\.\d+\.\d+, isolation (kernel|process)/)
      assert.match(stdout, /^✓ The server takes it as it is\.$/m)
    })
  }

  test('run shows what became of each row, and how near each is to a query', async () => {
    const texts = join(folder, '..', 'texts.jsonl')
    await writeFile(texts, '{"text": "indexes make themselves"}\na boat crosses\n""\n')

    const given = ['--input', texts, '--query', 'indexing', '--parameters', '{"keywords_max": 1}']
    const run = ['plugin', 'run', join(examples, 'keywords'), ...given]
    const { status, stdout, stderr } = await runNacre(run)

    assert.equal(status, 0, stderr)
    assert.match(stdout, /^ {3}keywords +\["themselves"\]$/m)
    assert.match(stdout, /128 numbers, length 1\.000/)
    assert.match(stdout, /^3 {2}""\n {3}skipped: null vector$/m)
    assert.match(stdout, /query {2}"indexing"\n +0\.\d+ +indexes make themselves/)
  })

  test('check says what the server would refuse, where, and exits 2', async () => {
    await runNacre(['plugin', 'init', folder])
    await edit('pipeline.py', (text) => `import subprocess\n${text}`)

    const { status, stdout, stderr } = await runNacre(['plugin', 'check', folder])

    assert.equal(status, 2)
    assert.match(stdout, /^✗ pipeline\.py:1:0: Forbidden import: subprocess$/m)
    assert.match(stderr, /the server would refuse it/)
  })

  test('run shows what the plugin prints, what failed and why, and exits 2', async () => {
    await runNacre(['plugin', 'init', folder])
    await edit('pipeline.py', (text) =>
      text
        .replace(/^DIMENSIONS = .*$/m, 'DIMENSIONS = 63')
        .replace(/^( +)texts = /m, '$1print("a batch of", len(batch))\n$1texts = '),
    )

    const { status, stdout, stderr } = await runNacre(['plugin', 'run', folder])

    assert.equal(status, 2)
    assert.match(
      stdout,
      /✗ validation: my_embed_embedding has 63 dimensions, the manifest declares 64/,
    )
    assert.match(stderr, /│ .*a batch of 4/)
    assert.match(stderr, /3 of 4 rows failed/)
  })

  test('a folder that holds no plugin, a wrong action and wrong flags are named, with what would be right', async () => {
    const runs = {
      'plugin check /': /has no manifest\.py[\s\S]*nacre plugin init/,
      'plugin inti x': /did you mean init\?/,
      [`plugin run ${join(examples, 'starter')} --parameters [1]`]: /takes a JSON object/,
      [`plugin run ${join(examples, 'starter')} --input /no/such`]: /\/no\/such cannot be read/,
    }
    for (const [line, says] of Object.entries(runs)) {
      const { status, stderr } = await runNacre(line.split(' '))
      assert.equal(status, 2, line)
      assert.match(stderr, says)
    }
  })

  async function edit(file: string, change: (text: string) => string): Promise<void> {
    const path = join(folder, file)
    await writeFile(path, change(await readFile(path, 'utf8')))
  }
})
