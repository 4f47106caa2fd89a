import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fail } from '../../domain/failure.ts'

const starter = new URL('../../../examples/plugins/starter/', import.meta.url)

/** Contract 10.3, names of plugins. */
const namePattern = /^[a-zA-Z][a-zA-Z0-9_]{2,63}$/

/**
 * The starter plugin under another name; answers the paths written. Throws `bad_request` for a name that the server
 * would refuse, and for a folder that holds something already: nothing is overwritten.
 */
export async function writeStarter(folder: string, given?: string): Promise<string[]> {
  const name = given ?? basename(resolve(folder)).replaceAll('-', '_')
  if (!namePattern.test(name)) throw wrongName(name)
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0) {
    const reason = `${folder} is not empty; name a folder that is, or a new one.`
    throw fail('bad_request', { reason })
  }
  const files = (await readdir(starter)).filter((file) => /\.(py|md)$/.test(file)).toSorted()
  for (const file of files) {
    const text = await readFile(new URL(file, starter), 'utf8')
    await writeFile(join(folder, file), renamed(text, name))
  }
  return files.map((file) => join(folder, file))
}

function renamed(text: string, name: string): string {
  const className = name.replace(/(?:^|_)([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase())
  return text.replaceAll('starter', name).replaceAll('Starter', className)
}

function wrongName(name: string) {
  const near = name.replace(/[^a-zA-Z0-9_]+/g, '_').replace(/^[^a-zA-Z]+/, '')
  const rule = 'a letter, then letters, digits and _, 3 to 64 in all'
  return fail('bad_request', {
    reason: `'${name}' is no name of a plugin: ${rule}. Give one with --name${namePattern.test(near) ? `, such as ${near}` : ''}.`,
  })
}
