import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { furnish } from '../support/tenant.ts'
import { startTestServer } from '../support/server.ts'

test('a namespace whose model is an endpoint is filled and searched by it, and says when it is gone', async () => {
  await using endpoint = await openEndpoint()
  await using server = await startTestServer({
    EMBEDDING_MODEL: `${endpoint.url}/v1#letters`,
    NACRE_EMBEDDING_TIMEOUT_MS: '500',
  })

  const { namespace_id: id } = await furnish(server.call)
  const search = (query: string) =>
    server.fetch('/v1/retrievers/execute', {
      method: 'POST',
      headers: { 'x-namespace': id },
      body: {
        stages: [
          {
            stage_id: 'feature_search',
            parameters: { searches: [{ query, top_k: 3 }], final_top_k: 3 },
          },
        ],
        inputs: {},
      },
    })

  // The bundled model would refuse this language.
  const found = await search('找鱼')
  const { documents } = (await found.json()) as { documents: { text: string; score: number }[] }
  assert.equal(found.status, 200)
  assert.equal(documents[0]?.text, 'A man sells fish.')

  endpoint.dimensions = 5
  await assertUnavailable(await search('another'), /5 dimensions, and 4 before/)
  endpoint.dimensions = 4
  assert.equal((await search('a third')).status, 200)
  await endpoint.close()
  await assertUnavailable(await search('a fourth'), /does not answer/)
  // What needs no model goes on, and so does a query that was asked before.
  assert.equal((await search('找鱼')).status, 200)
})

async function assertUnavailable(response: Response, message: RegExp): Promise<void> {
  const { error } = (await response.json()) as { error: { type: string; message: string } }

  assert.equal(response.status, 503)
  assert.equal(error.type, 'InferenceServiceUnavailableError')
  assert.match(error.message, message)
}

/** An OpenAI-compatible `/v1/embeddings` of a simple model: how many letters of four kinds a text has. */
async function openEndpoint() {
  const kinds = [/[a-m]/gi, /[n-z]/gi, /\s/g, /[^\w\s]/g, /\d/g]
  const endpoint = { url: '', dimensions: 4, close, [Symbol.asyncDispose]: close }
  const http = createServer((request, response) => void answer(request, response))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  endpoint.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return endpoint

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const part of request) body += part
    const { input, model }: { input: string[]; model: string } = JSON.parse(body)
    const data = input.map((text, index) => ({
      index,
      embedding: kinds
        .slice(0, endpoint.dimensions)
        .map((kind) => 1 + (text.match(kind)?.length ?? 0)),
    }))
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ model, data }))
  }

  async function close(): Promise<void> {
    http.closeAllConnections()
    http.close()
  }
}
