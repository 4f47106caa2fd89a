import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { composePlugins } from '../../compose.ts'
import { codeOf } from '../../domain/plugins/plugin-code.ts'
import { pluginIdOf } from '../../domain/plugins/plugin-id.ts'
import type {
  PluginCode,
  PluginHost,
  PluginInspection,
  PluginManifest,
} from '../../ports/plugin-host.ts'
import type { CommandCall } from '../command.ts'
import { packFolder, type PackedFolder } from './pack-folder.ts'
import { openPlainLog } from './plain-log.ts'

/** A plugin's folder, packed and read as the server does when it is uploaded. */
export interface OpenPlugin extends AsyncDisposable {
  /** As the user named it. */
  folder: string
  host: PluginHost
  packed: PackedFolder
  inspection: PluginInspection
  codeOf: (manifest: PluginManifest) => PluginCode
}

/** The namespace that a plugin runs in on the command line; none has an id like it. */
const namespaceId = 'ns_command_line'

/** Runs none of the plugin's code yet. Throws `bad_request` for a folder that holds no plugin, `plugins_unavailable`. */
export async function openPlugin({ config }: CommandCall, folder = '.'): Promise<OpenPlugin> {
  const stack = new AsyncDisposableStack()
  try {
    const scratch = await mkdtemp(join(tmpdir(), 'nacre-plugin-'))
    stack.defer(() => rm(scratch, { recursive: true, force: true }))
    const target = join(scratch, archiveName(folder))
    const packed = await packFolder(resolve(folder), target, config.pluginFilesMax)
    const log = openPlainLog((line) => process.stderr.write(`${line}\n`))
    const { plugins, blobs } = stack.use(await composePlugins(config, join(scratch, 'host'), log))
    const { hash } = await blobs.put(createReadStream(packed.path))
    const inspection = await plugins.inspect(hash)
    const owned = stack.move()
    return {
      folder,
      host: plugins,
      packed,
      inspection,
      codeOf: (manifest) =>
        codeOf(pluginIdOf(manifest.name, manifest.version), namespaceId, hash, manifest),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

function archiveName(folder: string): string {
  return `${basename(resolve(folder))}.tar.gz`
}
