import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { references } from '../../scripts/references.ts'

describe('generated pages equal the lists they are made of (npm run docs)', () => {
  for (const { path, render } of references) {
    test(path, async () => {
      const written = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
      assert.equal(written, await render(), `${path} is out of date: npm run docs`)
    })
  }
})
