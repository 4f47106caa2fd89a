import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { silentLogger } from '../../../../test/support/silent-logger.ts'
import { readConfig } from '../../../config.ts'
import { vectorEngineContract } from '../../../ports/vector-engine.contract.ts'
import type { VectorEngine } from '../../../ports/vector-engine.ts'
import { openQdrantServer } from '../../qdrant-server/open-qdrant-server.ts'
import { openQdrantEdge } from '../open-qdrant-edge.ts'
import { serveEngine } from './serve-engine.ts'

vectorEngineContract('QdrantServer, on the Edge that another process would serve,', openServed)

describe('the served engine', () => {
  test('refuses calls without its key, and with another', async () => {
    await using engine = await openAlone()
    await using served = await serveEngine(engine, silentLogger)

    const [none, wrong] = await Promise.all([
      fetch(`${served.url}/collections`),
      fetch(`${served.url}/collections`, { headers: { 'api-key': 'x'.repeat(64) } }),
    ])

    assert.deepEqual([none.status, wrong.status], [401, 401])
  })

  test('refuses a body that is no JSON, one too large, and a path it does not serve', async () => {
    await using engine = await openAlone()
    await using served = await serveEngine(engine, silentLogger)
    const call = async (path: string, body: string) => {
      const headers = { 'api-key': served.apiKey }
      const answer = await fetch(served.url + path, { method: 'POST', headers, body })
      return answer.status
    }

    assert.equal(await call('/collections/a/points/scroll', '{'), 400)
    assert.equal(await call('/collections/a/points/scroll', '3'), 400)
    assert.equal(await call('/collections/a/points/scroll', ' '.repeat((32 << 20) + 1)), 413)
    assert.equal(await call('/collections/a/snapshots', '{}'), 404)
  })
})

async function openAlone(): Promise<VectorEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-edge-'))
  const engine = await openQdrantEdge({ folder, config: readConfig({}), log: silentLogger })
  return closingAlso(engine, () => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
}

async function openServed(): Promise<VectorEngine> {
  const engine = await openAlone()
  const served = await serveEngine(engine, silentLogger)
  const client = await openQdrantServer({ ...served, log: silentLogger })
  return closingAlso(client, async () => {
    await served[Symbol.asyncDispose]()
    await engine[Symbol.asyncDispose]()
  })
}

function closingAlso(engine: VectorEngine, more: () => Promise<void>): VectorEngine {
  const close = engine[Symbol.asyncDispose].bind(engine)
  return Object.assign(engine, {
    [Symbol.asyncDispose]: async () => {
      await close()
      await more()
    },
  })
}
