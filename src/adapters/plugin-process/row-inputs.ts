import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BlobStore } from '../../ports/blob-store.ts'
import type { PluginCode, PluginRow } from '../../ports/plugin-host.ts'
import { PluginRefused } from './plugin-ended.ts'

/** What stands in the column `data`, a row each; the files are removed by disposing. */
export interface TakenInputs extends AsyncDisposable {
  data: string[]
}

/**
 * The content of rows, where a plugin finds it: text itself, everything else as a file in a folder that the plugin's
 * processes may read and not write. Copies: what a plugin without walls spoils is not the original.
 */
export class RowInputs {
  readonly #folder: string
  readonly #blobs: BlobStore

  constructor(folder: string, blobs: BlobStore) {
    this.#folder = folder
    this.#blobs = blobs
  }

  /** The folder that each process of this plugin must be able to read; made here. */
  async folderOf(code: PluginCode): Promise<string> {
    const name = createHash('sha256')
      .update(`${code.pluginId}\n${code.namespaceId}\n${code.archiveHash}`)
      .digest('hex')
      .slice(0, 32)
    const folder = join(this.#folder, name)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }

  async take(
    code: PluginCode,
    rows: readonly PluginRow[],
    signal?: AbortSignal,
  ): Promise<TakenInputs> {
    const folder = rows.every(({ data }) => 'text' in data)
      ? null
      : join(await this.folderOf(code), randomUUID())
    const remove = async () => {
      if (folder !== null) await rm(folder, { recursive: true, force: true })
    }
    try {
      if (folder !== null) await mkdir(folder, { mode: 0o700 })
      const data: string[] = []
      for (const row of rows) data.push(await this.#dataOf(row, folder, signal))
      return { data, [Symbol.asyncDispose]: remove }
    } catch (error) {
      await remove()
      throw error
    }
  }

  async #dataOf({ data }: PluginRow, folder: string | null, signal?: AbortSignal): Promise<string> {
    if ('text' in data) return data.text
    const path = join(folder ?? this.#folder, data.contentHash)
    const content = await this.#blobs.open(data.contentHash, signal)
    if (content === null)
      throw new PluginRefused(
        'resource',
        `its content ${data.contentHash} is not in the blob store`,
      )
    await pipeline(Readable.from(content), createWriteStream(path, { mode: 0o600 }), { signal })
    return path
  }
}
