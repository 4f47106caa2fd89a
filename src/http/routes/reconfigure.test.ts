import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import { readFirstOrganization } from '../../store/organizations.ts'
import {
  declarePlugin,
  undeclarePlugin,
  type DeclaredFeature,
} from '../../../test/support/declared-plugin.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

describe('POST …/plugins/reconfigure', () => {
  let server: TestServer
  let made = 0
  before(async () => {
    server = await startTestServer()
  })
  after(() => server[Symbol.asyncDispose]())

  test('confirm must be true: 422 where it is missing or no boolean, 400 where it is false', async () => {
    const { namespace } = await films()
    for (const [body, status] of [
      [{}, 422],
      [{ confirm: 'true' }, 422],
      [{ confirm: null }, 422],
      [{ confirm: 1 }, 422],
      [{ confirm: false }, 400],
      [{ confirm: true, strategy: 'sideways' }, 422],
    ] as const) {
      const { status: got, answer } = await ask(namespace, '', body)
      assert.equal(got, status, JSON.stringify([body, answer]))
      if (status === 422)
        assert.match(JSON.stringify(answer.error.details), /"(?:confirm|strategy)"/)
    }
    assert.equal((await ask({ id: 'ns_absent' }, '', { confirm: true })).status, 404)
  })

  test('without anything to add all seven fields say so, and nothing is written', async () => {
    const { namespace } = await films()

    const { status, answer } = await ask(namespace, '', { confirm: true })

    assert.equal(status, 200)
    assert.equal(answer.status, 'no_changes_needed')
    assert.equal(answer.namespace_id, namespace.id)
    assert.equal(answer.previous_points_count, 3)
    assert.deepEqual(answer.vectors_added, [])
    assert.deepEqual(answer.vectors_total, ['text_extractor_v1_embedding'])
    assert.deepEqual(answer.collections_to_reprocess, [])
    assert.match(answer.message, /nothing was changed/)
    assert.deepEqual((await reconfigures(namespace)).length, 0)
  })

  test('recreate deletes what can be made again, keeps what cannot, and lists what to trigger', async () => {
    const { namespace, collection, byHand } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    const filter = { field_name: 'year', type: 'integer' }
    await server.call('PATCH', `/v1/namespaces/${namespace.id}`, { payload_indexes: [filter] })

    const { answer } = await ask(namespace, '', { confirm: true })

    assert.equal(answer.status, 'reconfigured', JSON.stringify(answer))
    assert.equal(answer.previous_points_count, 3)
    assert.deepEqual(answer.vectors_added, ['hash'])
    assert.deepEqual(answer.vectors_total, ['text_extractor_v1_embedding', 'hash'])
    assert.deepEqual(answer.collections_to_reprocess, [collection])
    assert.match(
      answer.message,
      /^Qdrant collection reconfigured with 1 new vector\(s\)\. 2 points were deleted\. 1 documents .* carried over\. Re-trigger batches on the listed collections to re-ingest data with the new vectors\. The earlier generation is kept until /,
    )
    assert.deepEqual(await ids(namespace, collection), [byHand])
    const indexes = (await server.call('GET', `/v1/namespaces/${namespace.id}`)).payload_indexes
    assert.ok(
      indexes.some((index: Answer) => index.field_name === 'year' && index.state === 'active'),
    )
    assert.deepEqual(await builtPaths(namespace), [
      '_internal.collection_id',
      '_internal.source_object_id',
      'year',
    ])

    await trigger(namespace, collection)
    assert.equal((await ids(namespace, collection)).length, 3)
    const again = await ask(namespace, '', { confirm: true })
    assert.equal(again.answer.status, 'no_changes_needed')
  })

  test('online loses no document, and lists only collections that use an added vector', async () => {
    const { namespace, collection } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    const before = await ids(namespace, collection)

    const { answer } = await ask(namespace, '', { confirm: true, strategy: 'online' })

    assert.equal(answer.status, 'reconfigured', JSON.stringify(answer))
    assert.deepEqual(answer.vectors_added, ['hash'])
    assert.deepEqual(answer.collections_to_reprocess, [])
    assert.match(answer.message, /0 of 3 points were deleted/)
    assert.deepEqual(await ids(namespace, collection), before)
    const undo = await ask(namespace, '/undo', {})
    assert.equal(undo.status, 409)
    assert.match(undo.answer.error.message, /added vectors to the live collection/)
  })

  test('a dry run shows the plan without confirmation, and changes nothing', async () => {
    const { namespace, collection } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])

    const { answer } = await ask(namespace, '', { dry_run: true })

    assert.equal(answer.status, 'reconfigured')
    assert.equal(answer.dry_run, true)
    assert.deepEqual(answer.collections_to_reprocess, [collection])
    assert.match(answer.message, /^Dry run, nothing was changed/)
    const { disk_bytes, ...plan } = answer.plan
    assert.deepEqual(plan, {
      strategy: 'recreate',
      vectors: {
        kept: ['text_extractor_v1_embedding'],
        added: ['hash'],
        changed: [],
        orphaned: [],
      },
      points_deleted: 2,
      points_copied: 1,
      points_refused: 0,
      obstacles: [],
    })
    assert.ok(disk_bytes > 3 * 4 * 520)
    assert.equal((await ids(namespace, collection)).length, 3)
    assert.deepEqual(await reconfigures(namespace), [])
  })

  test('a vector of an undeployed plugin is no reason to rebuild, and goes with a rebuild', async () => {
    const { namespace } = await films()
    const plugin = await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    await ask(namespace, '', { confirm: true, strategy: 'online' })
    await undeclarePlugin(server.ports, namespace, plugin)

    const { answer: none } = await ask(namespace, '', { confirm: true })
    assert.equal(none.status, 'no_changes_needed')
    assert.deepEqual(none.vectors_total.toSorted(), ['hash', 'text_extractor_v1_embedding'])

    await deploy(namespace, [{ name: 'other', dimensions: 4 }])
    const { answer } = await ask(namespace, '', { confirm: true })
    assert.deepEqual(answer.plan.vectors.orphaned, ['hash'])
    assert.deepEqual(answer.vectors_total, ['text_extractor_v1_embedding', 'other'])
  })

  test('two plugins that declare one vector differently are a 409 that names both', async () => {
    const { namespace } = await films()
    const one = await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    const other = await deploy(namespace, [{ name: 'hash', dimensions: 16 }])

    for (const strategy of ['recreate', 'online']) {
      const { status, answer } = await ask(namespace, '', { confirm: true, strategy })
      assert.equal(status, 409)
      assert.match(answer.error.message, new RegExp(`${one} and ${other}|${other} and ${one}`))
    }
    assert.deepEqual(await reconfigures(namespace), [])
  })

  test('a running batch is a 409 that names it and how to cancel it, but not for online', async () => {
    const { namespace, bucket } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    const batch = await slowBatch(namespace, bucket)

    const { status, answer } = await ask(namespace, '', { confirm: true })
    const online = await ask(namespace, '', { confirm: true, strategy: 'online' })

    assert.equal(status, 409)
    assert.match(JSON.stringify(answer.error), new RegExp(`${batch}.*batches/${batch}/cancel`))
    assert.equal(online.status, 200)
  })

  test('documents of a vector that changes, and that nothing can make again, are a 409 with their number', async () => {
    const { namespace, collection } = await films()
    const first = await deploy(namespace, [{ name: 'hash', dimensions: 2 }])
    await ask(namespace, '', { confirm: true, strategy: 'online' })
    const document = { title: 'Own', vectors: { hash: [1, 0] } }
    const created = await server.call('POST', `/v1/collections/${collection}/documents`, document, {
      'x-namespace': namespace.id,
    })
    await undeclarePlugin(server.ports, namespace, first)
    await deploy(namespace, [{ name: 'hash', dimensions: 4 }])

    const online = await ask(namespace, '', { confirm: true, strategy: 'online' })
    const refused = await ask(namespace, '', { confirm: true })
    const plan = await ask(namespace, '', { dry_run: true })
    assert.equal(online.status, 409)
    assert.match(online.answer.error.message, /'hash' is 2-d cosine .* 4-d cosine/)
    assert.equal(refused.status, 409, JSON.stringify(refused.answer))
    assert.match(refused.answer.error.message, /^1 documents .*\(hash\)/)
    assert.equal(plan.answer.plan.points_refused, 1)
    assert.equal(plan.answer.plan.obstacles.length, 1)
    assert.equal((await ids(namespace, collection)).length, 4)

    await server.call(
      'DELETE',
      `/v1/collections/${collection}/documents/${created.document_id}`,
      undefined,
      {
        'x-namespace': namespace.id,
      },
    )
    const done = await ask(namespace, '', { confirm: true })
    assert.equal(done.status, 200, JSON.stringify(done.answer))
    assert.deepEqual(done.answer.plan.vectors.changed, ['hash'])
  })

  test('undo brings everything back, and what was deleted since stays deleted', async () => {
    const { namespace, collection, byHand } = await films()
    const before = await ids(namespace, collection)
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    await ask(namespace, '', { confirm: true })
    await server.call('PATCH', `/v1/namespaces/${namespace.id}`, {
      payload_indexes: [{ field_name: 'year', type: 'integer' }],
    })
    await server.call('DELETE', `/v1/collections/${collection}/documents/${byHand}`, undefined, {
      'x-namespace': namespace.id,
    })

    const { status, answer } = await ask(namespace, '/undo', {})

    assert.equal(status, 200, JSON.stringify(answer))
    assert.equal(answer.status, 'undone')
    assert.deepEqual(answer.vectors_removed, ['hash'])
    assert.deepEqual(answer.vectors_total, ['text_extractor_v1_embedding'])
    assert.equal(answer.points_count, 2)
    assert.deepEqual(
      await ids(namespace, collection),
      before.filter((id) => id !== byHand),
    )
    assert.ok((await builtPaths(namespace)).includes('year'), 'indexes made since are there')
    const twice = await ask(namespace, '/undo', {})
    assert.equal(twice.status, 409)

    const again = await ask(namespace, '', { confirm: true })
    assert.equal(again.answer.status, 'reconfigured', 'and it can be reconfigured again')
  })

  test('undo refuses writes that nothing can make again, with their number, unless they are discarded', async () => {
    const { namespace, collection } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    await ask(namespace, '', { confirm: true })
    await trigger(namespace, collection)
    const header = { 'x-namespace': namespace.id }
    const [first] = await ids(namespace, collection)
    await server.call('POST', `/v1/collections/${collection}/documents`, { title: 'New' }, header)
    await server.call(
      'PATCH',
      `/v1/collections/${collection}/documents/${first}`,
      { seen: true },
      header,
    )

    const refused = await ask(namespace, '/undo', {})
    const done = await ask(namespace, '/undo', { discard_writes: true })

    assert.equal(refused.status, 409)
    assert.match(refused.answer.error.message, /^2 documents were written since/)
    assert.equal(done.status, 200)
    assert.equal(done.answer.discarded_writes, 2)
    assert.equal((await ids(namespace, collection)).length, 3)
  })

  test('a filtered deletion after a reconfigure reaches the earlier generation as well', async () => {
    const { namespace, collection } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    await ask(namespace, '', { confirm: true })
    const filters = { AND: [{ field: 'year', operator: 'eq', value: 1954 }] }
    await server.call(
      'DELETE',
      `/v1/collections/${collection}/documents/batch`,
      { filters },
      {
        'x-namespace': namespace.id,
      },
    )

    await ask(namespace, '/undo', {})

    assert.equal((await ids(namespace, collection)).length, 2)
  })

  test('reprocess fills the new generation from the originals, and search never goes empty', async () => {
    const { namespace, collection, byHand } = await films()
    const before = await ids(namespace, collection)
    const header = { 'x-namespace': namespace.id }
    const at = (method: string, path: string, body?: unknown) =>
      server.call(method, `/v1/collections/${collection}/documents${path}`, body, header)
    const [patched, deleted] = before.filter((id) => id !== byHand)
    await at('PATCH', `/${patched}`, { seen: true })
    await at('DELETE', `/${deleted}`)
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])

    const { answer } = await ask(namespace, '', { confirm: true, reprocess: true })

    assert.equal(answer.status, 'reconfigured', JSON.stringify(answer))
    assert.deepEqual(answer.collections_to_reprocess, [])
    assert.equal(answer.tasks.length, 1)
    assert.match(answer.message, /0 of 2 points were deleted/)
    const { document_id: written } = await at('POST', '', { title: 'Meanwhile' })
    const task = await ended(answer.tasks[0])
    assert.equal(task.status, 'COMPLETED', JSON.stringify(task))
    const [done] = await reconfigures(namespace)
    assert.equal(done.state, 'retained')
    assert.deepEqual(done.progress.failed, 0)
    assert.deepEqual(new Set(await ids(namespace, collection)), new Set([patched, byHand, written]))
    assert.equal((await at('GET', `/${patched}`)).seen, true)
    const now = await findNamespace(server.ports, namespace.organizationId, namespace.id)
    assert.equal(now.generation, 2)
    assert.deepEqual(Object.keys(now.vectors).toSorted(), ['hash', 'text_extractor_v1_embedding'])
    const undo = await ask(namespace, '/undo', {})
    assert.equal(undo.status, 200, 'what was written before the switch is in both')
    assert.deepEqual(new Set(await ids(namespace, collection)), new Set([patched, byHand, written]))
  })

  test('online with reprocess triggers what uses the new vectors by itself', async () => {
    const { namespace, collection } = await films()
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])

    const { answer } = await ask(namespace, '', {
      confirm: true,
      strategy: 'online',
      reprocess: true,
    })

    assert.deepEqual([answer.status, answer.tasks], ['reconfigured', []])
    assert.equal((await ids(namespace, collection)).length, 3)
  })

  test('PATCH appends feature_extractors with their vectors, and what is there already changes nothing', async () => {
    const { namespace, collection } = await films()
    const path = `/v1/namespaces/${namespace.id}`
    const passthrough = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }
    const plugin = await deploy(namespace, [{ name: 'hash', dimensions: 8 }])
    const named = { feature_extractor_name: plugin.replace(/_1_0_0$/, ''), version: '1.0.0' }

    const first = await server.call('PATCH', path, { feature_extractors: [passthrough, named] })
    const second = await server.call('PATCH', path, {
      feature_extractors: first.feature_extractors,
    })

    const idsOf = (answer: Answer) =>
      answer.feature_extractors.map((one: Answer) => one.feature_extractor_id)
    const expected = ['text_extractor_v1', 'passthrough_extractor_v1', plugin]
    assert.deepEqual(idsOf(first), expected)
    assert.deepEqual(idsOf(second), expected)
    assert.equal(second.updated_at, first.updated_at)
    assert.equal((await ids(namespace, collection)).length, 3)
    assert.deepEqual(
      (await ask(namespace, '', { confirm: true })).answer.status,
      'no_changes_needed',
    )
    const unknown = { feature_extractor_name: 'nothing', version: 'v1' }
    const refused = await server.fetch(path, {
      method: 'PATCH',
      body: { feature_extractors: [unknown], description: 'changed' },
    })
    assert.equal(refused.status, 404)
    assert.equal((await server.call('GET', path)).description, null)
  })

  test('PATCH repair_vectors adds what is missing, and false or nothing missing does nothing', async () => {
    const { namespace, collection } = await films()
    const path = `/v1/namespaces/${namespace.id}`
    await deploy(namespace, [{ name: 'hash', dimensions: 8 }])

    await server.call('PATCH', path, { repair_vectors: false })
    assert.deepEqual(await reconfigures(namespace), [])
    const { updated_at } = await server.call('PATCH', path, { repair_vectors: true })
    const again = await server.call('PATCH', path, { repair_vectors: true })

    const [done, ...others] = await reconfigures(namespace)
    assert.deepEqual([done.strategy, done.state, done.vectors_added], ['online', 'done', ['hash']])
    assert.deepEqual(others, [])
    assert.equal(again.updated_at, updated_at)
    assert.equal((await ids(namespace, collection)).length, 3)
  })

  async function films(): Promise<{
    namespace: Namespace
    bucket: string
    collection: string
    byHand: string
  }> {
    const name = `films-${made++}`
    const header = { 'x-namespace': name }
    await server.call('POST', '/v1/namespaces', {
      namespace_name: name,
      feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
    })
    const at = (method: string, path: string, body?: unknown) =>
      server.call(method, path, body, header)
    const { bucket_id: bucket } = await at('POST', '/v1/buckets', {
      bucket_name: 'films',
      bucket_schema: { properties: { body: { type: 'text' }, year: { type: 'integer' } } },
    })
    const { collection_id: collection } = await at('POST', '/v1/collections', {
      collection_name: 'films',
      source: { type: 'bucket', bucket_ids: [bucket] },
      feature_extractor: {
        feature_extractor_name: 'text_extractor',
        version: 'v1',
        input_mappings: { text: 'body' },
        field_passthrough: [{ source_path: 'year' }],
      },
    })
    for (const year of [1954, 1961]) {
      await at('POST', `/v1/buckets/${bucket}/objects`, {
        metadata: {},
        year,
        blobs: [{ property: 'body', type: 'text', data: `A film of ${year}` }],
      })
    }
    const organization = await readFirstOrganization(server.ports.db)
    const namespace = await findNamespace(server.ports, organization?.id ?? '', name)
    await trigger(namespace, collection)
    const { document_id: byHand } = await at('POST', `/v1/collections/${collection}/documents`, {
      title: 'By hand',
      year: 2001,
    })
    return { namespace, bucket, collection, byHand }
  }

  async function ask(
    { id }: Pick<Namespace, 'id'>,
    rest: string,
    body: unknown,
  ): Promise<{ status: number; answer: Answer }> {
    const path = `/v1/namespaces/${id}/plugins/reconfigure${rest}`
    const response = await server.fetch(path, { method: 'POST', body })
    return { status: response.status, answer: await response.json() }
  }

  async function deploy(namespace: Namespace, features: DeclaredFeature[]): Promise<string> {
    return await declarePlugin(server.ports, namespace, { name: `plugin_${made++}` }, features)
  }

  async function trigger({ id }: Namespace, collection: string): Promise<void> {
    const { task_id: task } = await server.call(
      'POST',
      `/v1/collections/${collection}/trigger`,
      {},
      {
        'x-namespace': id,
      },
    )
    for (;;) {
      const { status, error } = await server.call('GET', `/v1/tasks/${task}`)
      if (status === 'COMPLETED') return
      if (/FAILED|CANCELED|ERRORS/.test(status)) throw new Error(`The task is ${status}: ${error}`)
      await sleep(10)
    }
  }

  async function ended(task: string): Promise<Answer> {
    for (;;) {
      const answer = await server.call('GET', `/v1/tasks/${task}`)
      if (answer.completed_at !== null) return answer
      await sleep(10)
    }
  }

  async function ids({ id }: Namespace, collection: string): Promise<string[]> {
    const { results } = await server.call(
      'POST',
      `/v1/collections/${collection}/documents/list?limit=1000`,
      {},
      {
        'x-namespace': id,
      },
    )
    return results.map((document: Answer) => document.document_id).toSorted()
  }

  async function reconfigures({ id }: Namespace): Promise<Answer[]> {
    return (await server.call('GET', `/v1/namespaces/${id}/plugins/reconfigure`)).results
  }

  async function builtPaths({ id }: Namespace): Promise<string[]> {
    const there = await server.ports.vectors.describeCollection(id)
    return Object.keys(there?.payload_schema ?? {}).toSorted()
  }

  /** Submitted, and its namespace's rows say that it is running. */
  async function slowBatch({ id }: Namespace, bucket: string): Promise<string> {
    const header = { 'x-namespace': id }
    const { object_id: object } = await server.call(
      'POST',
      `/v1/buckets/${bucket}/objects`,
      {
        blobs: [{ property: 'body', type: 'text', data: 'One more' }],
      },
      header,
    )
    const { batch_id: batch } = await server.call(
      'POST',
      `/v1/buckets/${bucket}/batches`,
      {
        object_ids: [object],
      },
      header,
    )
    await server.ports.db
      .updateTable('batches')
      .set({ status: 'IN_PROGRESS' })
      .where('id', '=', batch)
      .execute()
    return batch
  }
})
