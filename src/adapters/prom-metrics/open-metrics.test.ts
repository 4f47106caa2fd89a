import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMetrics } from './open-metrics.ts'

test('what is counted is told in the text format of Prometheus, a line a label', async () => {
  const metrics = openMetrics()
  metrics.count('jobs', { job: 'batch.process', outcome: 'done' })
  metrics.count('jobs', { job: 'batch.process', outcome: 'done' }, 2)
  metrics.count('jobs', { job: 'batch.process', outcome: 'failed' })
  const text = await metrics.text()
  assert.match(text, /^nacre_jobs_total\{job="batch\.process",outcome="done"\} 3$/m)
  assert.match(text, /^nacre_jobs_total\{job="batch\.process",outcome="failed"\} 1$/m)
  assert.match(text, /^# TYPE nacre_index_decisions_total counter$/m)
  assert.match(text, /^process_resident_memory_bytes \d/m)
})

test('two of them in one process count apart', async () => {
  const [one, other] = [openMetrics(), openMetrics()]
  one.count('http_requests', { status: '2xx' })
  assert.doesNotMatch(await other.text(), /status="2xx"/)
})
