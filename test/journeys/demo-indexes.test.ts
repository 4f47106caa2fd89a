import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runNacre } from '../support/process.ts'

test('nacre demo-indexes: an index makes itself from searches, is guarded, and becomes one of floats', async () => {
  const { status, stdout, stderr } = await runNacre(['demo-indexes'], {}, 300_000)

  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /relation_count {2}verifying → active\n +Filtered \d+ times.* Saved \d+ %/s)
  assert.match(stdout, /definition {2}observed → declined\n.*read by contains only/)
  assert.match(stdout, /> 24 AND < 25: 0 before, 1 at once/)
  assert.match(stdout, /= "dozens": 0 before, 1 at once/)
  assert.match(stdout, /guard: exception/)
  assert.match(stdout, /Makes room for an index of type float/)
  assert.match(stdout, /the same documents as at first, the new ones apart\n/)
})
