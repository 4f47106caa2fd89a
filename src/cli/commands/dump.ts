import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { DumpPlan } from '../../domain/archive/dump-server.ts'
import { fail } from '../../domain/failure.ts'
import { version } from '../../product.ts'
import { exists, readJson, removeFile, writeJson } from '../archive/archive-folder.ts'
import { dumpNamespace, type DumpCall, type DumpedNamespace } from '../archive/dump-namespace.ts'
import { dumpServer, organizationsIn } from '../archive/dump-server.ts'
import { countOriginals, describeFiles, type Manifest } from '../archive/manifest.ts'
import { bytes, counted, Progress } from '../archive/progress.ts'
import { offlineFlag, reachOrOpen } from '../archive/reach-or-open.ts'
import { told } from '../archive/told.ts'
import type { Command, CommandCall } from '../command.ts'
import { serverSettings, type ServerClient } from '../reach-server.ts'

/** `progress.json`: whose archive is being made; gone when it is whole. */
interface Begun {
  archive_id: string
  begun_at: string
  plan: DumpPlan
}

/** An archive of a running server, for `nacre load` and for whoever reads JSON. */
export const dump: Command = {
  name: 'dump',
  summary: 'Write an archive of the running server into a folder; writes go on meanwhile.',
  arguments: [
    { name: 'folder', summary: 'a new folder, or one where a dump was stopped', required: true },
  ],
  flags: [offlineFlag],
  settings: serverSettings,
  run: (call) => told(call.signal, () => run(call)),
}

async function run(call: CommandCall): Promise<void> {
  const folder = resolve(call.arguments[0] ?? '')
  if (await exists(join(folder, 'manifest.json'))) {
    throw fail('conflict', {
      reason: `${folder} holds a finished archive already.`,
      hint: 'Take another folder, or remove that one.',
    })
  }
  await using stack = new AsyncDisposableStack()
  const server = await reachOrOpen(call, stack)
  using progress = new Progress(call)
  const startedAt = performance.now()
  const begun = await begin(server, folder)
  progress.say(`Dumping ${server.url} into ${folder}`)
  const manifest = await dumpAll(call, server, folder, begun, progress)
  if (call.isJson) return call.print(JSON.stringify(summaryOf(manifest)))
  const seconds = (performance.now() - startedAt) / 1000
  for (const line of summaryLines(manifest, folder, seconds)) progress.say(line)
}

/** Goes on with what was begun from the same server. Throws `conflict` where it was another. */
async function begin(server: ServerClient, folder: string): Promise<Begun> {
  const path = join(folder, 'progress.json')
  const plan = await server.call<DumpPlan>('GET', '/v1/dump')
  const known = await readJson<Begun>(path)
  if (known && known.plan.server_id !== plan.server_id) {
    throw fail('conflict', { reason: `${folder} holds the beginning of another server's archive.` })
  }
  if (known && known.plan.schema === plan.schema) return known
  if (known) {
    // Rows of two versions do not belong in one archive.
    await removeFile(join(folder, 'server'))
    await removeFile(join(folder, 'namespaces'))
  }
  const begun = { archive_id: randomUUID(), begun_at: new Date().toISOString(), plan }
  await writeJson(path, begun)
  return begun
}

async function dumpAll(
  { signal }: CommandCall,
  server: ServerClient,
  folder: string,
  { archive_id, begun_at, plan }: Begun,
  progress: Progress,
): Promise<Manifest> {
  let originals = 0
  const callFor = (label: string): DumpCall => ({
    server,
    folder,
    signal,
    tell: (line) => progress.say(`  ${label}  ${line}`),
    onPhase: (phase) => progress.phase(label, phase),
    onPoints: (read, of) => progress.draw(label, read, of, 'documents'),
    onOriginal: () => progress.draw(label, (originals += 1), 0, 'originals'),
  })
  const serverRows = await dumpServer(callFor('server'))
  const namespaces: DumpedNamespace[] = []
  for (const namespace of plan.namespaces) {
    progress.begin()
    const done = await dumpNamespace(callFor(namespace.name), namespace)
    if (done) namespaces.push(done)
    progress.say(done ? namespaceLine(done) : `  ${namespace.name}  was deleted meanwhile`)
  }
  signal.throwIfAborted()
  progress.phase('checksums', 'reading every file once more')
  const manifest: Manifest = {
    archive_id,
    archive_format: plan.archive_format,
    version,
    schema: plan.schema,
    server_id: plan.server_id,
    organizations: await organizationsIn(folder),
    begun_at,
    ended_at: new Date().toISOString(),
    server: serverRows,
    namespaces,
    originals: await countOriginals(folder),
    files: await describeFiles(folder),
  }
  await writeJson(join(folder, 'manifest.json'), manifest)
  await removeFile(join(folder, 'progress.json'))
  return manifest
}

function namespaceLine({ name, points, rows, ...state }: DumpedNamespace): string {
  const parts = [counted(points, 'document'), counted(rows, 'row'), `as of ${state.as_of}`]
  return `  ${name}  ${parts.join(', ')}; writers waited ${(state.held_ms / 1000).toFixed(1)} s`
}

function summaryOf({ files, namespaces, server, ...rest }: Manifest) {
  return {
    ...rest,
    namespaces: namespaces.length,
    documents: namespaces.reduce((sum, { points }) => sum + points, 0),
    rows: namespaces.reduce((sum, { rows }) => sum + rows, server.rows),
    size_bytes: files.reduce((sum, file) => sum + file.size_bytes, rest.originals.size_bytes),
  }
}

function* summaryLines(manifest: Manifest, folder: string, seconds: number): Generator<string> {
  const { namespaces, documents, rows, originals, size_bytes: sizeBytes } = summaryOf(manifest)
  const parts = [
    counted(namespaces, 'namespace'),
    counted(documents, 'document'),
    counted(rows, 'row'),
    counted(originals.count, 'original'),
  ]
  yield `✓ ${parts.join(', ')}: ${bytes(sizeBytes)} in ${seconds.toFixed(1)} s`
  yield `  → nacre load ${folder} into an empty server; keep it where only you read it`
}
