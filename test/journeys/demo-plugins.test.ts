import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runNacre } from '../support/process.ts'

test('nacre demo-plugins: a plugin comes into a full namespace under load, is searched, and a reconfigure is undone', async () => {
  const { status, stdout, stderr } = await runNacre(['demo-plugins'], {}, 120_000)

  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /keywords_embedding +128 cosine +added/)
  assert.match(stdout, /reads made: [\d,]+, failed: 0; p50/)
  assert.match(stdout, /“vegitarianizm”\n +\d\.\d+ +vegetarianism/)
  assert.match(stdout, /second_opinion_embedding +64 cosine +added/)
  assert.match(stdout, /documents now: 0\n/)
  assert.match(stdout, /the same searches find the same ids as before/)
})
