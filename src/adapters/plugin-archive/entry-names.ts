import { shown } from './archive-entry.ts'

/** Keeps the names of one archive apart, as every file system and Python's import would. */
export interface EntryNames {
  /** Null, or why this name cannot stand beside those added before. */
  add(path: string, kind: 'file' | 'folder'): string | null
}

interface Known {
  path: string
  kind: 'file' | 'folder'
  /** Named by an entry of its own, not only as a parent. */
  isNamed: boolean
}

/**
 * Two names are one where they differ only in case or in Unicode form: one file would silently replace the other on
 * file systems that fold them, and Python folds identifiers (NFKC) when it imports.
 */
export function entryNames(): EntryNames {
  const known = new Map<string, Known>()

  function place(path: string, kind: 'file' | 'folder', isNamed: boolean): string | null {
    const key = folded(path)
    const other = known.get(key)
    if (!other) {
      known.set(key, { path, kind, isNamed })
      return null
    }
    if (other.path !== path) return `differs from ${shown(other.path)} only in case or spelling`
    if (other.kind !== kind) return 'is both a file and a folder'
    if (other.isNamed && isNamed) return 'is in the archive twice'
    other.isNamed ||= isNamed
    return null
  }

  return {
    add(path, kind) {
      const parts = path.split('/')
      for (let count = 1; count < parts.length; count++) {
        const problem = place(parts.slice(0, count).join('/'), 'folder', false)
        if (problem !== null) return problem
      }
      return place(path, kind, true)
    },
  }
}

function folded(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}
