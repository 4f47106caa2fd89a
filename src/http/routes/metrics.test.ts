import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer } from '../../../test/support/server.ts'
import { addOrganization } from '../../../test/support/tenant.ts'

test('GET /v1/metrics tells an administrator what was counted, and nobody without a key', async () => {
  await using server = await startTestServer()

  const refused = await fetch(`${server.url}/v1/metrics`)
  assert.equal(refused.status, 401)

  const answer = await fetch(`${server.url}/v1/metrics`, {
    headers: { authorization: `Bearer ${server.key}` },
  })
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/)
  assert.match(await answer.text(), /^nacre_http_requests_total\{status="4xx"\} 1$/m)
})

test('GET /v1/metrics tells no other organization what the whole server counted', async () => {
  await using server = await startTestServer()
  const key = await addOrganization(server.ports)

  const answer = await fetch(`${server.url}/v1/metrics`, {
    headers: { authorization: `Bearer ${key}` },
  })

  assert.equal(answer.status, 403)
  assert.doesNotMatch(await answer.text(), /nacre_http_requests_total/)
})
