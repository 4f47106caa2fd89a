import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { isFailure } from '../../domain/failure.ts'
import { vectorEngineContract } from '../../ports/vector-engine.contract.ts'
import { openQdrantServer } from './open-qdrant-server.ts'

const { QDRANT_URL: url, QDRANT_API_KEY: apiKey = null } = process.env

if (url) {
  vectorEngineContract('QdrantServer', () => openQdrantServer({ url, apiKey, log: silentLogger }))
} else {
  const notice = 'SKIPPED: the VectorEngine contract on a Qdrant server. Set QDRANT_URL to run it.'
  console.warn(notice)
  test('QdrantServer keeps the VectorEngine contract', { skip: notice }, () => {})
}

describe('openQdrantServer()', () => {
  test('a server that is too old is refused, with both versions named', async () => {
    await using server = await answering(200, { title: 'qdrant', version: '1.17.2' })

    await assert.rejects(openQdrantServer({ url: server.url, apiKey: null, log: silentLogger }), {
      code: 'engine_unavailable',
      message: /1\.17\.2.*1\.18/,
    })
  })

  test('a server that refuses the key is unavailable, not a refusal', async () => {
    await using server = await answering(401, { status: { error: 'no key' } })

    await assert.rejects(
      openQdrantServer({ url: server.url, apiKey: 'k', log: silentLogger }),
      (error) => isFailure(error, 'engine_unavailable') && error.message.includes('no key'),
    )
    assert.equal(server.keys.at(-1), 'k')
  })

  test('a port where nobody listens is unavailable', async () => {
    const { url: freed } = await answering(200, {}).then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })

    await assert.rejects(
      openQdrantServer({ url: freed, apiKey: null, log: silentLogger }),
      (error) => isFailure(error, 'engine_unavailable'),
    )
  })

  test('the path of the URL comes before every route', async () => {
    await using server = await answering(200, { title: 'qdrant', version: '1.19.0' })

    await using engine = await openQdrantServer({
      url: `${server.url}/behind/a/proxy/`,
      apiKey: null,
      log: silentLogger,
    })

    assert.equal(engine.kind, 'qdrant-server')
    assert.equal(server.paths.at(-1), '/behind/a/proxy/')
  })
})

/** A server that gives one answer to everything: what stands in the way of a Qdrant. */
async function answering(status: number, body: object) {
  const paths: string[] = []
  const keys: (string | string[] | undefined)[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    keys.push(request.headers['api-key'])
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    keys,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
