import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'

test('every TODO names an issue', async () => {
  const nameless: string[] = []
  for await (const file of glob('{src,test,edge,scripts,bench}/**/*.{ts,rs}', {
    exclude: ['edge/target/**'],
  })) {
    if (file.endsWith('tidy.test.ts')) continue
    const lines = (await readFile(file, 'utf8')).split('\n')
    lines.forEach((line, i) => {
      if (/\bTODO\b(?!\(#\d+\))/.test(line)) nameless.push(`${file}:${i + 1}`)
    })
  }
  assert.deepEqual(nameless, [])
})

test('only config.ts and entry points read the environment', async () => {
  const readers: string[] = []
  for await (const file of glob('src/**/*.ts')) {
    if (file === 'src/cli/main.ts' || file.endsWith('.test.ts') || file.endsWith('.contract.ts'))
      continue
    if (/process\.env/.test(await readFile(file, 'utf8'))) readers.push(file)
  }
  assert.deepEqual(readers, [])
})
