import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../failure.ts'
import type { Permission, Principal } from '../organizations/principal.ts'
import { infrastructureAnswer, parseInfrastructure } from './infrastructure.ts'

describe('parseInfrastructure()', () => {
  test('takes what may be written, from an admin', () => {
    const written = parse({
      description: 'for tests',
      max_concurrent_jobs: 3,
      min_workers: 0,
      max_workers: 2,
    })

    assert.deepEqual(written, {
      description: 'for tests',
      max_concurrent_jobs: 3,
      min_workers: 0,
      max_workers: 2,
    })
  })

  test('sees no change in an echo of the whole answer', () => {
    assert.equal(parse({ ...infrastructureAnswer(namespace) }, 'write'), null)
  })

  test('sees no change in nulls and in the defaults that generated clients fill in', () => {
    const given = {
      qdrant_collection: 'ns_1',
      max_concurrent_jobs: null,
      gpus_per_worker: 1,
      s3_plugin_bucket: 'vendor-plugins',
      max_custom_plugins: 0,
    }

    assert.equal(parse(given, 'write'), null)
  })

  test('refuses what only the server says, each with its place', () => {
    assert.deepEqual(
      placesOf(() =>
        parse({
          qdrant_url: 'http://169.254.169.254/',
          qdrant_api_key: 'secret',
          ray_head_node_url: 'ray://elsewhere',
          s3_vector_bucket: 'mine',
          compute_tier: 'dedicated_gpu',
          qdrant_collection: 'other',
        }),
      ),
      [
        'qdrant_url',
        'qdrant_api_key',
        'ray_head_node_url',
        's3_vector_bucket',
        'compute_tier',
        'qdrant_collection',
      ],
    )
  })

  test('refuses values out of bounds, unknown keys, and more workers at least than at most', () => {
    assert.deepEqual(
      placesOf(() => parse({ max_concurrent_jobs: 0 })),
      ['max_concurrent_jobs'],
    )
    assert.deepEqual(
      placesOf(() => parse({ autoscaling_enabled: 'yes' })),
      ['autoscaling_enabled'],
    )
    assert.deepEqual(
      placesOf(() => parse({ max_worker: 3 })),
      ['max_worker'],
    )
    assert.deepEqual(
      placesOf(() => parse({ min_workers: 20 })),
      ['min_workers'],
    )
  })

  test('refuses a change without admin permission', () => {
    assert.throws(
      () => parse({ max_workers: 4 }, 'write'),
      (error) => isFailure(error, 'forbidden') && error.detail.needed === 'admin',
    )
  })

  test('never shows an engine key, nor an address', () => {
    const shown: Record<string, unknown> = infrastructureAnswer(namespace)

    assert.equal('qdrant_api_key' in shown, false)
    assert.equal(shown['qdrant_url'], null)
    assert.equal(shown['qdrant_collection'], 'ns_1')
  })
})

const namespace = { id: 'ns_1', infrastructure: {} }

function parse(given: Record<string, unknown>, permission: Permission = 'admin') {
  return parseInfrastructure(given, namespace, somebody(permission), ['body', 'infrastructure'])
}

function placesOf(run: () => unknown): unknown[] {
  try {
    run()
  } catch (error) {
    if (isFailure(error, 'request_invalid'))
      return error.detail.faults.map(({ location }) => location[2])
    throw error
  }
  return []
}

function somebody(permission: Permission): Principal {
  return {
    organizationId: 'org_1',
    internalId: 'int_1',
    userId: 'usr_1',
    keyId: 'key_1',
    permissions: [permission],
    scopes: [],
  }
}
