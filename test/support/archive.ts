import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../../src/cli/archive/manifest.ts'
import type { Answer } from './server.ts'

export async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest
}

/** Every line of a file of the archive, parsed. */
export async function linesIn(folder: string, path: string): Promise<Answer[]> {
  const text = await readFile(join(folder, path), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/**
 * What two archives of one state agree in: the checksum of each file, but of those that tell of the moment and of the
 * server that made them.
 */
export async function checksumsIn(folder: string): Promise<Record<string, string>> {
  const { files } = await manifestIn(folder)
  const same = files.filter(
    ({ path }) => !/(?:namespace|server)\.json$|jobs\.ndjson$|\/api_keys\.ndjson$/.test(path),
  )
  return Object.fromEntries(same.map(({ path, sha256 }) => [path, sha256]))
}

/** Names of the originals that stand in the archive. */
export async function originalsIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'originals'), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted()
}

/**
 * Whether a namespace's part of an archive is one state of it: what the ledger calls written has its documents, and
 * no document is of an object that the tables do not know.
 */
export async function faultsOfState(folder: string, namespaceId: string): Promise<string[]> {
  const at = (path: string) => linesIn(folder, `namespaces/${namespaceId}/${path}`)
  const [points, objects, ledger] = await Promise.all([
    at('points.ndjson'),
    at('tables/objects.ndjson'),
    at('tables/ingest_ledger.ndjson'),
  ])
  const known = new Set(objects.map(({ id }) => id))
  const internals = points.map(({ payload }) => payload._internal)
  const made = Map.groupBy(
    internals.filter(({ origin }) => origin === 'extracted'),
    (internal) => `${internal.collection_id} ${internal.source_object_id}`,
  )
  const ids = points.map(({ id }) => id)
  return [
    ...(ids.join() === [...new Set<string>(ids)].toSorted().join() ? [] : ['ids are not in order']),
    ...internals
      .filter(({ source_object_id: id }) => id !== undefined && !known.has(id))
      .map((internal) => `a document of ${internal.source_object_id}, which is not there`),
    ...ledger
      .filter(({ state }) => state === 'written')
      .filter((row) => made.get(`${row.collection_id} ${row.object_id}`)?.length !== row.documents)
      .map((row) => `${row.object_id} was written, and its documents are not there`),
  ]
}
