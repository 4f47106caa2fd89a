import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openFsBlobs } from '../../src/adapters/fs-blobs/open-fs-blobs.ts'
import { tarOf } from '../../src/adapters/plugin-archive/tar-writer.fixture.ts'
import { openPluginProcess } from '../../src/adapters/plugin-process/open-plugin-process.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import type { PluginCode, PluginHost, PluginRow } from '../../src/ports/plugin-host.ts'
import type { Logger } from '../../src/ports/logger.ts'
import { silentLogger } from './silent-logger.ts'
import { testConfig } from './ports.ts'

/** A plugin's files by path; contents with their common indentation. */
export type PluginFiles = Readonly<Record<string, string>>

/** A host with a blob store of its own; both and their folder are gone when it is disposed. */
export interface TestPlugins extends AsyncDisposable {
  host: PluginHost
  blobs: BlobStore
  folder: string
  /** Puts the files as an archive and reads them; fails where the manifest cannot be read. */
  install: (files: PluginFiles, namespaceId?: string) => Promise<PluginCode>
}

export async function openTestPlugins(
  env: Record<string, string> = {},
  more: { cacheFolder?: string; log?: Logger } = {},
): Promise<TestPlugins> {
  const stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-plugins-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const blobs = stack.use(await openFsBlobs(join(folder, 'blobs')))
  const config = testConfig(folder, 'postgres://unused', env)
  const host = stack.use(
    openPluginProcess({
      folder: join(folder, 'plugins'),
      blobs,
      config,
      log: silentLogger,
      ...more,
    }),
  )
  return {
    host,
    blobs,
    folder,
    install: async (files, namespaceId = 'ns_1') => {
      const { hash } = await blobs.put(packPlugin(files))
      const { manifest, errors } = await host.inspect(hash)
      if (manifest === null) throw new Error(`the manifest cannot be read: ${errors.join('; ')}`)
      const { name, version, features, profile, dependencies, positionFields } = manifest
      const pluginId = `${name}_${version.replaceAll('.', '_')}`
      return {
        pluginId,
        namespaceId,
        archiveHash: hash,
        features,
        profile,
        dependencies,
        positionFields,
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** A .tar.gz of the files, `manifest.py` and `pipeline.py` at its root. */
export function packPlugin(files: PluginFiles): Buffer {
  const parts = Object.entries(files).map(([name, content]) => ({ name, content: dedent(content) }))
  return gzipSync(tarOf(parts))
}

/**
 * Why no plugin can run on this machine, said on stderr too, for a skipped test is easily overlooked; false where one
 * can. Makes the base environment where there is none: some ten seconds, once for each user.
 */
export async function noPlugins(): Promise<string | false> {
  await using plugins = await openTestPlugins()
  const { problem } = await plugins.host.describe()
  const reason = problem ?? (await failureOfCheck(plugins))
  if (reason !== false) console.error(`PLUGIN TESTS ARE SKIPPED: ${reason}`)
  return reason
}

async function failureOfCheck({ host, install }: TestPlugins): Promise<string | false> {
  try {
    await host.check(await install({ 'manifest.py': manifestOf('probe'), 'pipeline.py': '' }))
    return false
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** With one vector of four numbers in the column `v`. */
export function manifestOf(name: string, more = ''): string {
  const feature = `{"feature_type": "embedding", "feature_name": "v", "embedding_dim": 4}`
  return `feature_extractor_name = "${name}"\nversion = "1.0.0"\nfeatures = [${feature}]\n${dedent(more)}\n`
}

/** A pipeline of one step, whose body works on `batch` and returns it. */
export function pipelineOf(step: string, before = ''): string {
  const body = dedent(step).replaceAll('\n', '\n        ')
  return `${dedent(before)}
class Step:
    def __init__(self, config=None):
        self.config = config or {}

    def __call__(self, batch):
        ${body}
        return batch

def build_steps(extractor_request, **kwargs):
    return {"steps": [Step(extractor_request.extractor_config.parameters)]}
`
}

/** Text rows `0`, `1`, … as the domain makes them. */
export function textRows(...texts: string[]): PluginRow[] {
  return texts.map((text, i) => ({
    key: String(i),
    objectId: `obj_${i}`,
    documentId: `doc_${i}`,
    blob: { id: `blob_${i}`, property: 'body', type: 'text', mimeType: 'text/plain', sizeBytes: 0 },
    data: { text },
    aliases: [],
  }))
}

function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n')
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const least = Math.min(...indents, Number.MAX_SAFE_INTEGER)
  return `${lines.map((line) => line.slice(least)).join('\n')}\n`
}
