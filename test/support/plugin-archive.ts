import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packFolder } from '../../src/cli/plugin/pack-folder.ts'

/** Path in the archive → its text; null leaves the file out. */
export type PluginFiles = Readonly<Record<string, string | null>>

/** A plugin of `examples/plugins`, with some of its files changed, packed. */
export async function packExample(name: string, changed: PluginFiles = {}): Promise<Buffer> {
  const from = fileURLToPath(new URL(`../../examples/plugins/${name}`, import.meta.url))
  return await packed(async (folder) => {
    await cp(from, folder, { recursive: true })
    await change(folder, changed)
  })
}

/** A plugin of these files, packed. */
export async function packPlugin(files: PluginFiles): Promise<Buffer> {
  return await packed((folder) => change(folder, files))
}

async function packed(fill: (folder: string) => Promise<void>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-plugin-test-'))
  const target = `${folder}.tar.gz`
  try {
    await fill(folder)
    await packFolder(folder, target, 1_000)
    return await readFile(target)
  } finally {
    await rm(folder, { recursive: true, force: true })
    await rm(target, { force: true })
  }
}

async function change(folder: string, files: PluginFiles): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const at = join(folder, path)
    if (text === null) await rm(at)
    else {
      await mkdir(dirname(at), { recursive: true })
      await writeFile(at, text)
    }
  }
}
