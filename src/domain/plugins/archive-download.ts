import type { Ports } from '../../ports/ports.ts'
import { readPluginRow } from '../../store/plugins.ts'
import { fail } from '../failure.ts'
import { signPath } from '../signed-paths.ts'
import type { Plugin } from './plugin.ts'

const urlSeconds = 3_600

/** Where an archive can be fetched for an hour, without a key. */
export async function downloadPath(
  ports: Pick<Ports, 'db' | 'now'>,
  { id }: Pick<Plugin, 'id'>,
): Promise<string> {
  const expiresAt = new Date(ports.now().getTime() + urlSeconds * 1000)
  return await signPath(ports, 'GET', downloadPathOf(id), expiresAt)
}

export function downloadPathOf(pluginRowId: string): string {
  return `/v1/plugin-archives/${pluginRowId}`
}

/** An archive as it was uploaded, to be read once. Throws `not_found`. */
export async function findArchive(
  { db, blobs }: Pick<Ports, 'db' | 'blobs'>,
  pluginRowId: string,
  signal?: AbortSignal,
): Promise<{ filename: string; sizeBytes: number; open: () => AsyncIterable<Uint8Array> }> {
  const plugin = await readPluginRow(db, pluginRowId, null)
  if (!plugin || !(await blobs.has(plugin.archiveHash))) {
    throw fail('not_found', { resource: 'archive', id: pluginRowId })
  }
  const open = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = await blobs.open(plugin.archiveHash, signal)
    if (chunks) yield* chunks
  }
  const filename = `${plugin.pluginId}.${await extensionOf(open())}`
  return { filename, sizeBytes: plugin.archiveBytes, open }
}

async function extensionOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const [first] of chunks) return first === 0x1f ? 'tar.gz' : 'zip'
  return 'zip'
}
