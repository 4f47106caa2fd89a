import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { isFailure } from '../../domain/failure.ts'
import { openQdrantEdge } from './open-qdrant-edge.ts'

// A file of its own: the addon's limits are those of the process.
test('calls beyond those that may run and wait are told that the engine is busy', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-edge-'))
  const config = readConfig({ NACRE_ENGINE_CONCURRENCY_MAX: '1', NACRE_ENGINE_QUEUE_MAX: '3' })
  {
    await using engine = await openQdrantEdge({ folder, config, log: silentLogger })
    await engine.createCollection('a', { vectors: {}, sparse_vectors: {} })
    await engine.scroll('a', { limit: 1 })

    const calls = Array.from({ length: 50 }, () => engine.scroll('a', { limit: 1 }))

    const outcomes = await Promise.allSettled(calls)
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    )
    assert.ok(
      refused.length > 0 && refused.length < 50,
      `${refused.length} of 50 calls were refused`,
    )
    assert.ok(refused.every((error) => isFailure(error, 'engine_busy') && error.detail.limit === 3))
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})
