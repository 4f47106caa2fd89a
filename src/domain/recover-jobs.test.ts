import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { declarePlugin } from '../../test/support/declared-plugin.ts'
import { openTestPorts } from '../../test/support/ports.ts'
import { adminOf } from '../../test/support/principal.ts'
import type { Ports } from '../ports/ports.ts'
import { insertErasure } from '../store/object-erasures.ts'
import { createBucket } from './buckets/create-bucket.ts'
import { deleteBucket } from './buckets/delete-bucket.ts'
import { createCollection } from './collections/create-collection.ts'
import { createNamespace } from './namespaces/create-namespace.ts'
import { NewNamespace } from './namespaces/namespace-request.ts'
import { recoverJobs } from './recover-jobs.ts'

test('recoverJobs() gives a job to whatever is being deleted, deployed or overdue and lost the one it had, and one only', async () => {
  await using ports = await openTestPorts()
  const { namespace, bucket, collection, plugin } = await begun(ports)
  // As when an engine did not answer until the jobs were given up.
  await sql`delete from pgboss.job`.execute(ports.db)

  await recoverJobs(ports)
  const first = await waitingJobs(ports)
  await recoverJobs(ports)

  assert.deepEqual(await waitingJobs(ports), first)
  const { id: namespace_id, organizationId: organization_id } = namespace
  assert.deepEqual(first, [
    {
      name: 'bucket.delete',
      payload: { organization_id, bucket_id: bucket.id, task_id: bucket.taskId },
    },
    {
      name: 'collection.delete',
      payload: { organization_id, namespace_id, collection_id: collection },
    },
    { name: 'namespace.expire', payload: { namespace_id } },
    { name: 'object.erase', payload: { organization_id, namespace_id, object_id: 'obj_films' } },
    { name: 'plugin.deploy', payload: { namespace_id, plugin_row_id: plugin } },
  ])
})

async function begun(ports: Ports) {
  const spec = NewNamespace.parse({
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
    ttl_seconds: 3_600,
  })
  const namespace = await createNamespace(ports, await adminOf(ports), spec)
  const made = await createBucket(ports, namespace, { bucket_name: 'plots' })
  const { collection } = await createCollection(ports, namespace, {
    collection_name: 'plots',
    source: { type: 'bucket', bucket_ids: [made.id] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const { id: taskId } = await deleteBucket(ports, namespace, made)
  await declarePlugin(ports, namespace, { name: 'plugin' }, [])
  const { db } = ports
  const { id: plugin } = await db.selectFrom('plugins').select('id').executeTakeFirstOrThrow()
  await db.updateTable('collections').set({ state: 'deleting' }).execute()
  await insertErasure(db, 'obj_films', namespace.id)
  await db.updateTable('plugin_deployments').set({ state: 'in_progress' }).execute()
  await db
    .updateTable('namespaces')
    .set({ expires_at: new Date(0) })
    .execute()
  return { namespace, bucket: { id: made.id, taskId }, collection: collection.id, plugin }
}

async function waitingJobs({ db }: Ports) {
  const { rows } = await sql<{ name: string; payload: Record<string, unknown> }>`
    select name, data->'payload' as payload from pgboss.job where state = 'created' order by name
  `.execute(db)
  return rows
}
