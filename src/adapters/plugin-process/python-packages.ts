import { createHash, randomUUID } from 'node:crypto'
import { spawn } from 'node:child_process'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { defaultCacheFolder } from '../../../native/cache-folder.ts'
import type { Config } from '../../config.ts'
import type { Logger } from '../../ports/logger.ts'
import { takeLock } from '../data-folder/lock.ts'
import { hasBasePackages, pythonFolder } from './find-python.ts'
import { PluginRefused } from './plugin-ended.ts'
import { networkPaths, policyOf, pythonCommand, type Room, type Runtime } from './launch-policy.ts'

/** What the host imports; `python/environment.py` has the same list and checks it. */
const base = ['pandas>=2.2', 'numpy', 'pydantic>=2']

/** Packages cannot be had; the message says why and how to give them by hand. */
export class NoPackages extends Error {
  override readonly name = 'NoPackages'
}

const Line = z.object({
  progress: z.string().optional(),
  error: z.string().optional(),
  missing: z.array(z.string()).optional(),
})
type Line = z.infer<typeof Line>

/** A refusal is remembered so long: asking the network again and again is no cure. */
const refusalMs = 60_000
const lockPollMs = 200

/**
 * Folders of installed packages, made once by pip in the user's cache folder, from wheels alone, behind the launcher,
 * and shared by every server of this user. A Python that has what is needed is left alone.
 */
export class PythonPackages {
  readonly #runtime: Runtime
  readonly #config: Pick<Config, 'pluginInstall' | 'pluginInstallMs'>
  readonly #log: Logger
  readonly #folder: string
  readonly #made = new Map<string, Promise<string>>()

  constructor(
    runtime: Runtime,
    options: {
      config: Pick<Config, 'pluginInstall' | 'pluginInstallMs'>
      log: Logger
      /** Default: the user's own. */
      cacheFolder?: string
    },
  ) {
    this.#runtime = runtime
    this.#config = options.config
    this.#log = options.log
    this.#folder = join(options.cacheFolder ?? defaultCacheFolder(), 'python')
  }

  /** Folders for `--site`; none where Python has all. Throws `NoPackages`. */
  async base(): Promise<string[]> {
    return hasBasePackages(this.#runtime.python) ? [] : [await this.#folderOf(base)]
  }

  /**
   * The same for a plugin that declares more, its own packages first. What is missing and may not be installed is
   * left to the plugin's own import errors. Throws `NoPackages`, and `PluginRefused` where they cannot be had.
   */
  async of(dependencies: readonly string[]): Promise<string[]> {
    const sites = await this.base()
    if (this.#config.pluginInstall === 'off') return sites
    const missing = await this.missing(dependencies)
    if (missing.length === 0) return sites
    return [await this.#folderOf(dependencies.toSorted()), ...sites]
  }

  /** Of these requirements, those that the base does not meet, each with what is wrong. Throws `NoPackages`, and `PluginRefused` for what is no name. */
  async missing(dependencies: readonly string[]): Promise<string[]> {
    if (dependencies.length === 0) return []
    const readPaths = await this.base()
    const sites = readPaths.flatMap((site) => ['--site', site])
    const room = { ...this.#room(), readPaths }
    const { missing } = await this.#environment(['check', ...sites, ...named(dependencies)], room)
    return missing ?? []
  }

  /** The line with which an operator gives Python what is missing. */
  remedy(requirements: readonly string[]): string {
    const quoted = requirements.map((one) => `'${one.replaceAll("'", '')}'`).join(' ')
    return `${this.#runtime.python.path} -m pip install ${quoted}`
  }

  #folderOf(requirements: readonly string[]): Promise<string> {
    const key = requirements.join('\n')
    const making = this.#made.get(key) ?? this.#make(requirements)
    this.#made.set(key, making)
    making.catch(() => setTimeout(() => this.#made.delete(key), refusalMs).unref())
    return making
  }

  /** One process at a time installs; those that waited find it done. */
  async #make(requirements: readonly string[]): Promise<string> {
    const { tag } = this.#runtime.python
    const hash = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 16)
    const folder = join(this.#folder, `${tag}-${hash}`)
    if (await isFolder(folder)) return folder
    const locks = join(this.#folder, `${tag}-${hash}.lock`)
    await mkdir(locks, { recursive: true, mode: 0o700 })
    const lock = await patiently(locks, this.#config.pluginInstallMs)
    try {
      if (!(await isFolder(folder))) await this.#install(folder, requirements)
      return folder
    } finally {
      lock.release()
    }
  }

  async #install(folder: string, requirements: readonly string[]): Promise<void> {
    const { python } = this.#runtime
    this.#log.info({ requirements, python: python.path }, 'installing Python packages for plugins')
    const work = `${folder}.${process.pid}-${randomUUID()}`
    await mkdir(work, { mode: 0o700 })
    try {
      const settings = join(work, 'pip.conf')
      await writeFile(settings, pipSettings(python.install), { mode: 0o600 })
      const target = join(work, 'packages')
      const env = {
        PIP_CONFIG_FILE: settings,
        HOME: python.home,
        ...certificateSettings(python.install),
      }
      const beside = requirements === base ? [] : await this.base()
      const room = {
        ...this.#room(),
        cwd: work,
        scratch: work,
        network: true,
        readPaths: [...pipPaths(python), ...beside],
      }
      const sites = beside.flatMap((site) => ['--site', site])
      const args = ['install', '--target', target, ...sites, ...named(requirements)]
      const { error } = await this.#environment(args, room, env)
      if (error !== undefined) throw this.#refusal(error, requirements)
      await rename(target, folder)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }

  /** Without the base no plugin runs; what one declares beside it is that plugin's alone. */
  #refusal(error: string, requirements: readonly string[]): Error {
    const message = `${error}. By hand: ${this.remedy(requirements)}`
    return requirements === base ? new NoPackages(message) : new PluginRefused('load', message)
  }

  #room(): Room {
    return {
      cwd: pythonFolder,
      readPaths: [],
      scratch: null,
      memoryBytes: 2 ** 31,
      cpuSeconds: Math.ceil(this.#config.pluginInstallMs / 1000),
      fileSizeBytes: 2 ** 32,
      network: false,
    }
  }

  /** Runs `environment.py` behind the launcher; its last line is the answer. */
  async #environment(args: string[], room: Room, env: Record<string, string> = {}): Promise<Line> {
    const policy = policyOf(this.#runtime, room)
    const { command, args: given } = pythonCommand(
      this.#runtime,
      { ...policy, env: { ...policy.env, ...env }, fileModes: room.network, filesMax: 1_024 },
      ['-I', '-B', join(pythonFolder, 'environment.py'), ...args],
    )
    const signal = AbortSignal.timeout(this.#config.pluginInstallMs)
    const child = spawn(command, given, {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    })
    const failed = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message))
    })
    const [answer, words] = await Promise.all([
      Promise.race([this.#follow(child.stdout), failed.then((error): Line => ({ error }))]),
      tail(child.stderr),
    ])
    return answer ?? { error: words || `${command} said nothing` }
  }

  async #follow(output: Readable): Promise<Line | null> {
    let last: Line | null = null
    for await (const text of createInterface({ input: output })) {
      last = parseLine(text)
      if (last?.progress !== undefined) this.#log.info({ pip: last.progress }, 'pip works')
    }
    return last?.progress === undefined ? last : null
  }
}

/** Names with versions: no option, address or path may reach pip from a plugin's manifest. */
function named(requirements: readonly string[]): string[] {
  const wrong = requirements.filter(
    (one) =>
      !/^[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[A-Za-z0-9._, -]*\])?\s*([(<>=!~;][^@/]*)?$/.test(one),
  )
  if (wrong.length === 0) return [...requirements]
  throw new PluginRefused(
    'load',
    `${wrong.join(', ')} cannot be installed: a dependency is a package's name with versions, like requests>=2.31`,
  )
}

/** pip's own settings, which were given by variables; in a file, because the launcher's command line can be read. */
function pipSettings(install: Readonly<Record<string, string>>): string {
  const lines = Object.entries(install)
    .filter(([name]) => name.startsWith('PIP_') && name !== 'PIP_CONFIG_FILE')
    .map(
      ([name, value]) =>
        `${name.slice(4).toLowerCase().replaceAll('_', '-')} = ${value.replaceAll('\n', ' ')}`,
    )
  const proxy = install['https_proxy'] ?? install['HTTPS_PROXY']
  return ['[global]', ...lines, ...(proxy ? [`proxy = ${proxy}`] : []), ''].join('\n')
}

/** Certificates to believe. A proxy's address may hold a password and stands in the file. */
function certificateSettings(install: Readonly<Record<string, string>>): Record<string, string> {
  const names = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE']
  return Object.fromEntries(Object.entries(install).filter(([name]) => names.includes(name)))
}

/** Who this system is, which pip tells its index and does not start without. */
const systemNames = [
  '/etc/os-release',
  '/etc/debian_version',
  '/etc/lsb-release',
  '/etc/system-release',
]

/** Settings of the machine and the user, folders of wheels, and certificates. */
function pipPaths({ home, install }: { home: string; install: Readonly<Record<string, string>> }) {
  const given = Object.values(install)
    .flatMap((value) => value.split(/\s+/))
    .filter(isAbsolute)
  return [
    ...networkPaths,
    ...systemNames,
    '/etc/pip.conf',
    join(home, '.config', 'pip'),
    join(home, '.pip'),
    ...given,
  ]
}

async function patiently(folder: string, waitMs: number) {
  const deadline = Date.now() + waitMs
  for (;;) {
    try {
      return await takeLock(folder)
    } catch (error) {
      if (Date.now() > deadline)
        throw new NoPackages('another process has been installing for too long', { cause: error })
      await delay(lockPollMs)
    }
  }
}

function parseLine(text: string): Line | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

async function tail(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + String(chunk)).slice(-2_000)
  return text.trim()
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
