import { randomUUID } from 'node:crypto'
import type { Call } from './walk.ts'

const since = '?since=2020-01-01T00:00:00Z'

/** What dumps this server; and what would load another, which says that this one is not empty. */
export async function archive(call: Call, namespace: string): Promise<void> {
  const plan = await call('GET /v1/dump')
  await call('GET /v1/dump/server')
  await call('GET /v1/dump/namespaces/{}/points', { path: [namespace] })
  await call('POST /v1/dump/namespaces/{}/state', { path: [namespace], query: since })
  await call('GET /v1/dump/originals/{}', { path: ['0'.repeat(64)] })
  const { archive_format, schema, server_id } = plan ?? {}
  const [id, hashes] = [randomUUID(), ['0'.repeat(64)]]
  const header = { archive_id: id, archive_format, version: '0.1.0', schema, server_id }
  await call('POST /v1/load', { body: { ...header, organizations: [server_id], namespaces: [] } })
  await call('GET /v1/load/{}', { path: [id] })
  await call('POST /v1/load/originals/missing', { body: { hashes } })
  await call('PUT /v1/load/originals/{}', { path: hashes, body: new Uint8Array(1) })
  await call('POST /v1/load/tables/{}', { path: ['buckets'], query: '?from=0', body: '{}' })
  const query = `?from=0&namespace_id=${namespace}`
  await call('POST /v1/load/points', { query, body: '{}' })
  await call('POST /v1/load/namespaces/{}/settle', { path: [namespace] })
  await call('POST /v1/load/end', { body: '{"table":"users"}' })
}
