import { resolve } from 'node:path'
import type { ArchiveHeader } from '../../domain/archive/archive.ts'
import type { LoadStatus } from '../../domain/archive/begin-load.ts'
import { linesIn, partPaths, serverPaths } from '../archive/archive-folder.ts'
import type { DumpedNamespace } from '../archive/dump-namespace.ts'
import { originalLists, readManifest, type Manifest } from '../archive/manifest.ts'
import { patiently } from '../archive/patience.ts'
import { bytes, counted, Progress } from '../archive/progress.ts'
import { offlineFlag, reachOrOpen } from '../archive/reach-or-open.ts'
import { sendOriginals } from '../archive/send-originals.ts'
import { sendPart, type LoadCall } from '../archive/send-part.ts'
import { told } from '../archive/told.ts'
import type { Command, CommandCall } from '../command.ts'
import { serverSettings } from '../reach-server.ts'

/** An archive of `nacre dump` into an empty server, whatever engines either has. */
export const load: Command = {
  name: 'load',
  summary: 'Load an archive of nacre dump into an empty server.',
  arguments: [{ name: 'folder', summary: 'the archive', required: true }],
  flags: [offlineFlag],
  settings: serverSettings,
  run: (call) => told(call.signal, () => run(call)),
}

async function run(call: CommandCall): Promise<void> {
  const { signal, isJson, print } = call
  const folder = resolve(call.arguments[0] ?? '')
  using progress = new Progress(call)
  const manifest = await readManifest(folder, (checked, of) =>
    progress.draw('checksums', Math.round(checked / 1e6), Math.round(of / 1e6), 'MB'),
  )
  await using stack = new AsyncDisposableStack()
  const server = await reachOrOpen(call, stack)
  const startedAt = performance.now()
  const status = await server.call<LoadStatus>('POST', '/v1/load', headerOf(manifest))
  progress.say(`Loading ${folder} into ${server.url}`)
  if (status.state === 'loading') {
    const tell = (line: string) => progress.say(`  ${line}`)
    const { archive_id: archiveId, positions } = status
    const base = { server, folder, archiveId, positions, signal, tell }
    await loadAll({ ...base, onLines: () => {} }, manifest, progress)
  }
  if (isJson) return print(JSON.stringify({ archive_id: status.archive_id, state: 'loaded' }))
  const documents = manifest.namespaces.reduce((sum, { points }) => sum + points, 0)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const namespaces = counted(manifest.namespaces.length, 'namespace')
  progress.say(
    status.state === 'loaded'
      ? '✓ It was loaded before; nothing was to do.'
      : `✓ ${namespaces}, ${counted(documents, 'document')} in ${seconds} s. Keys of the archive work, and so does this server's admin key.`,
  )
}

async function loadAll(call: LoadCall, manifest: Manifest, progress: Progress): Promise<void> {
  const { originals, server, namespaces } = manifest
  if (originals.count > 0) {
    progress.say(`  ${counted(originals.count, 'original')}, ${bytes(originals.size_bytes)}`)
    for (const list of originalLists(call.folder, namespaces)) await sendOriginals(call, list)
  }
  const paths = serverPaths(call.folder)
  for (const table of server.tables.filter((name) => !withTheEnd.includes(name)))
    await sendPart(call, `server/${table}`, paths.table(table), (from) => tableUrl(table, from))
  for (const namespace of namespaces) await loadNamespace(call, namespace, progress)
  await endLoad(call, manifest)
}

/** Nobody uses a key before everything is there. */
const withTheEnd: readonly string[] = ['users', 'api_keys']

async function loadNamespace(
  call: LoadCall,
  { id, name, points, rows, tables }: DumpedNamespace,
  progress: Progress,
): Promise<void> {
  if (call.positions[`${id}/whole`] !== undefined) return
  const paths = partPaths(call.folder, id)
  progress.begin()
  for (const table of tables) {
    call.onLines = (done) => progress.draw(`${name} ${table}`, done, 0, 'rows')
    const urlOf = (from: number) => tableUrl(table, from, id)
    await sendPart(call, `${id}/${table}`, paths.table(table), urlOf)
  }
  progress.begin()
  call.onLines = (done) => progress.draw(name, done, points, 'documents')
  await sendPart(
    call,
    `${id}/points`,
    paths.points,
    (from) => `/v1/load/points?from=${from}&namespace_id=${encodeURIComponent(id)}`,
  )
  progress.phase(name, 'building its payload indexes')
  await patiently(call, name, () =>
    call.server.call('POST', `/v1/load/namespaces/${encodeURIComponent(id)}/settle`),
  )
  progress.say(`  ${name}  ${counted(points, 'document')}, ${counted(rows, 'row')}`)
}

/** Users, keys and what waits in the queue are few: one request takes them, and then everything answers. */
async function endLoad(call: LoadCall, { namespaces }: Manifest): Promise<void> {
  const lines: string[] = []
  for (const table of withTheEnd) {
    lines.push(JSON.stringify({ table }))
    for await (const rows of linesIn(serverPaths(call.folder).table(table)))
      lines.push(...rows.map((row) => `{"row":${row}}`))
  }
  for (const { id } of namespaces) {
    for await (const jobs of linesIn(partPaths(call.folder, id).jobs))
      lines.push(...jobs.map((job) => `{"job":${job}}`))
  }
  const body = { content: `${lines.join('\n')}\n`, type: 'application/x-ndjson' }
  await patiently(call, 'the end', async () => {
    try {
      await call.server.send('POST', '/v1/load/end', body)
    } catch (error) {
      // Of an earlier try the answer may have been lost.
      const path = `/v1/load/${encodeURIComponent(call.archiveId)}`
      const { state } = await call.server.call<LoadStatus>('GET', path)
      if (state !== 'loaded') throw error
    }
  })
}

function headerOf(manifest: Manifest): ArchiveHeader {
  const { archive_id, archive_format, version, schema, server_id, organizations } = manifest
  const namespaces = manifest.namespaces.map(({ id, points }) => ({ id, points }))
  return { archive_id, archive_format, version, schema, server_id, organizations, namespaces }
}

function tableUrl(table: string, from: number, namespaceId?: string): string {
  const whose = namespaceId === undefined ? '' : `&namespace_id=${encodeURIComponent(namespaceId)}`
  return `/v1/load/tables/${table}?from=${from}${whose}`
}
