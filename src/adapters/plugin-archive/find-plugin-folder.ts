import { ArchiveProblem, shown } from './archive-entry.ts'

const needed = ['manifest.py', 'pipeline.py']

/**
 * Where in an archive the plugin is: '' for its root, else the one top folder (plugin-contract 1.2).
 * Throws ArchiveProblem that lists what the archive has.
 */
export function findPluginFolder(paths: readonly string[]): string {
  const files = new Set(paths)
  const folders = new Set(paths.filter((p) => p.includes('/')).map((p) => p.split('/')[0] ?? ''))
  const [top] = folders
  const isWrapped = !files.has('manifest.py') && folders.size === 1 && top !== undefined
  const prefix = isWrapped ? `${top}/` : ''
  for (const name of needed) {
    if (!files.has(prefix + name))
      throw new ArchiveProblem(
        `${name} not found at the archive root or under one top folder; the archive has: ${list(paths)}`,
      )
  }
  return isWrapped ? top : ''
}

function list(paths: readonly string[]): string {
  if (paths.length === 0) return 'nothing'
  const first = paths.slice(0, 10).map((path) => (/^[\w./-]+$/.test(path) ? path : shown(path)))
  return first.join(', ') + (paths.length > 10 ? ` and ${paths.length - 10} more` : '')
}
