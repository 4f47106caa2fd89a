import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'
import { fillDisk, removeFiller } from '../support/filler.ts'

// Run by full-disk.test.ts on a small file system of its own: a whole server whose disk others fill. Prints what it
// answered at each point.
const disk = process.argv[2] ?? ''
const reserveBytes = 144 << 20
process.env['NACRE_DISK_RESERVE_BYTES'] = String(reserveBytes)

const server = await startServerProcess(join(disk, 'data'))
const headers = {
  authorization: `Bearer ${server.key}`,
  'content-type': 'application/json',
}
await call('POST', '/v1/namespaces', {
  namespace_name: 'films',
  vectors: { own: { dimensions: 2 } },
})
const bucket = { bucket_name: 'films', bucket_schema: { properties: { plot: { type: 'text' } } } }
await call('POST', '/v1/buckets', bucket)
await call('POST', '/v1/collections', {
  collection_name: 'films',
  source: { type: 'bucket', bucket_ids: ['films'] },
  feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
})
const told: Record<string, object> = {}
told['with room'] = await answers()
await fillDisk(disk, reserveBytes * 0.8)
told['in the reserve'] = await answers()
// Also what the database keeps for itself.
await fillDisk(disk, 0)
await sleep(3_000)
told['full'] = await answers()
await removeFiller(disk)
const end = performance.now() + 40_000
while ((await write()).status !== 200 && performance.now() < end) await sleep(200)
told['with room again'] = await answers()
await server.stop()
process.stdout.write(JSON.stringify(told))

async function answers() {
  await sleep(200)
  const written = await write()
  return {
    write: [written.status, written.body.error?.message ?? '', written.body.error?.details?.hint],
    // The object, its blob beyond what a row holds.
    object: (await writeObject()).status,
    read: (await call('POST', '/v1/collections/films/documents/list', {})).status,
  }
}

function write() {
  return call('POST', '/v1/collections/films/documents', {
    title: 'The Conversation',
    vectors: { own: [1, 2] },
  })
}

function writeObject() {
  const data = 'A man listens. '.repeat(10_000)
  return call('POST', '/v1/buckets/films/objects', {
    blobs: [{ property: 'plot', type: 'text', data }],
  })
}

async function call(method: string, path: string, body: object) {
  const response = await fetch(server.url + path, {
    method,
    headers: { ...headers, ...(path !== '/v1/namespaces' && { 'x-namespace': 'films' }) },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}
