import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTestDatabase } from '../test/support/database.ts'
import { testConfig } from '../test/support/ports.ts'
import { openLogger } from './compose.ts'
import { openProduct } from './serve.ts'

test('what waits to be written in batches is written before the product closes', async () => {
  await using stack = new AsyncDisposableStack()
  const { db, url } = stack.use(await openTestDatabase())
  const folder = await mkdtemp(join(tmpdir(), 'nacre-serve-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const key = 'sk_test_0123456789abcdef'
  const config = testConfig(folder, url, { NACRE_ADMIN_KEY: key })
  const product = await openProduct(config, openLogger({ level: 'silent' }))
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const { status } = await product.api.fetch(new Request(`http://test${path}`, init))
    assert.equal(status, 200)
  }
  await post('/v1/namespaces', { namespace_name: 'films' })
  await post('/v1/retrievers', {
    retriever_name: 'some',
    stages: [{ stage_id: 'limit', parameters: { limit: 1 } }],
  })
  await post('/v1/retrievers/some/execute', {})

  await product[Symbol.asyncDispose]()

  const executions = await db.selectFrom('executions').select('status').execute()
  const used = await db.selectFrom('api_keys').select('last_used_at').executeTakeFirst()
  assert.deepEqual(executions, [{ status: 'completed' }])
  assert.notEqual(used?.last_used_at ?? null, null)
})
