import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openMetrics } from '../../adapters/prom-metrics/open-metrics.ts'
import { openTestDatabase } from '../../../test/support/database.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { boundless } from '../../ports/disk-room.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Db } from '../../store/tables.ts'
import { createApi } from '../api.ts'
import { healthRoutes } from './health.ts'
import type { Answer } from '../../../test/support/server.ts'

/** What the checks touch: the database is real, the other parts answer as told. */
function bench(db: Db, ping: () => Promise<void> = async () => {}) {
  const ports = {
    db,
    config: readConfig({}),
    log: silentLogger,
    metrics: openMetrics(),
    now: () => new Date(),
    newId: (prefix: string) => `${prefix}_1`,
    vectors: { kind: 'qdrant-edge', ping },
    blobs: { kind: 'fs', ping: async () => {} },
    room: boundless,
  } as unknown as Ports
  const api = createApi(healthRoutes, ports, { version: '1.2.3', dataFormat: 7 })
  return async (path: string) => {
    const response = await api.fetch(new Request(`http://test${path}`))
    return { status: response.status, body: (await response.json()) as Answer }
  }
}

describe('GET /v1/health', () => {
  test('200 OK, with version and data format, without a key', async () => {
    await using database = await openTestDatabase()

    const { status, body } = await bench(database.db)('/v1/health?deep=false')

    assert.equal(status, 200)
    assert.equal(body.status, 'OK')
    assert.deepEqual(Object.values(body.data), [true, true, true, true, true, true, null])
    assert.equal(body.errors, null)
    assert.equal(body.meta.version, '1.2.3')
    assert.equal(body.meta.data_format, 7)
  })

  test('200 DEGRADED names the part that does not answer, and why', async () => {
    await using database = await openTestDatabase()
    const get = bench(database.db, () => Promise.reject(new Error('no such host')))

    const { status, body } = await get('/v1/health')

    assert.equal(status, 200)
    assert.equal(body.status, 'DEGRADED')
    assert.equal(body.data.vector_store, false)
    assert.equal(body.data.metadata, true)
    assert.equal(body.errors.vector_store, 'no such host')
    assert.equal(body.errors.metadata, null)
  })

  test('200 DEGRADED in time where a part hangs', async () => {
    await using database = await openTestDatabase()

    const { body } = await bench(database.db, () => new Promise(() => {}))('/v1/health')

    assert.match(body.errors.vector_store, /no answer within/)
  })

  test('200 DEGRADED while PostgreSQL is gone', async () => {
    const database = await openTestDatabase()
    const get = bench(database.db)
    await database[Symbol.asyncDispose]()

    const { status, body } = await get('/v1/health')

    assert.equal(status, 200)
    assert.equal(body.data.metadata, false)
    assert.equal(body.data.task_queue, false)
    assert.equal((await get('/v1/health/beat')).body.status, 'DEGRADED')
    assert.equal((await get('/v1/health/liveness')).body.status, 'OK')
  })
})
