import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { fail } from '../../domain/failure.ts'
import type { BlobStore } from '../../ports/blob-store.ts'
import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { Logger } from '../../ports/logger.ts'
import type {
  PluginCheck,
  PluginCode,
  PluginHost,
  PluginHostDescription,
  PluginInspection,
  UploadedAs,
  PluginQuery,
  PluginQueryAnswer,
  PluginRun,
} from '../../ports/plugin-host.ts'
import { archiveLimits } from '../plugin-archive/archive-limits.ts'
import { answerQuery } from './answer-query.ts'
import { descriptionOf, lookAtMachine, type Machine } from './describe-host.ts'
import { Desk } from './desk.ts'
import { checkPlugin, inspectPlugin } from './inspect-plugin.ts'
import { PluginEnded, PluginRefused } from './plugin-ended.ts'
import { startPlugin, type StarterParts } from './plugin-starter.ts'
import { PoolFull, ProcessPool } from './process-pool.ts'
import { NoPackages, PythonPackages } from './python-packages.ts'
import { RowInputs } from './row-inputs.ts'
import { runRows } from './run-rows.ts'
import { UnpackedPlugins } from './unpacked-plugins.ts'

export interface PluginProcessParts {
  /** Of this host alone: what it unpacks lies there, and is removed at its first use. */
  folder: string
  blobs: BlobStore
  config: Config
  log: Logger
  /** Where Python packages are kept; default: the user's own. */
  cacheFolder?: string
}

/** Python plugins in processes of their own, behind the launcher. Starts nothing before it is asked for something. */
export function openPluginProcess(parts: PluginProcessParts): PluginHost {
  return new PluginProcessHost(parts)
}

/** Plugins looked at at one time, beside those that work. */
const desksMax = 2

/** What is there once the machine was found fit. */
interface Running {
  starter: StarterParts
  pool: ProcessPool
  /** Where new plugins are looked at. */
  desk: Desk
}

class PluginProcessHost implements PluginHost {
  readonly #parts: PluginProcessParts
  #machine: Promise<Machine> | null = null
  #running: Promise<Running> | null = null
  /** Why packages could not be had, the last time they were needed. */
  #lacks: string | null = null
  #isClosed = false

  constructor(parts: PluginProcessParts) {
    this.#parts = parts
  }

  async describe(): Promise<PluginHostDescription> {
    const description = descriptionOf(await this.#look())
    return { ...description, problem: description.problem ?? this.#lacks }
  }

  async inspect(
    archiveHash: string,
    uploaded: UploadedAs | null = null,
    signal?: AbortSignal,
  ): Promise<PluginInspection> {
    return await this.#with(archiveHash, ({ starter, desk }) =>
      desk.use((ended) => inspectPlugin(starter, archiveHash, uploaded, ended), signal),
    )
  }

  async check(code: PluginCode, signal?: AbortSignal): Promise<PluginCheck> {
    return await this.#with(code.pluginId, ({ starter, desk }) =>
      desk.use((ended) => checkPlugin(starter, code, ended), signal),
    )
  }

  async warm(code: PluginCode, signal?: AbortSignal): Promise<void> {
    await this.#with(code.pluginId, ({ pool }) => pool.use(code, 'query', signal, async () => {}))
  }

  async stop(pluginId: string): Promise<void> {
    // Where plugins cannot run, none is running.
    const running = await this.#running?.catch(() => null)
    await running?.pool.stop(pluginId)
  }

  async run(code: PluginCode, request: PluginRun, signal?: AbortSignal): Promise<ExtractedRow[]> {
    const { config } = this.#parts
    return await this.#with(code.pluginId, ({ pool, starter: { inputs } }) =>
      runRows(
        {
          pool,
          inputs,
          batchMs: config.pluginBatchMs,
          concurrencyMax: config.pluginConcurrencyMax,
          documentsMax: config.chunksPerObjectMax,
        },
        code,
        request,
        signal,
      ),
    )
  }

  async realtime(
    code: PluginCode,
    request: PluginQuery,
    signal?: AbortSignal,
  ): Promise<PluginQueryAnswer> {
    const { pluginQueryMs } = this.#parts.config
    return await this.#with(code.pluginId, ({ pool }) =>
      answerQuery(pool, pluginQueryMs, code, request, signal),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const running = await this.#running?.catch(() => null)
    await Promise.all([running?.desk.close(), running?.pool[Symbol.asyncDispose]()])
    if (running) await this.#clear()
  }

  /** Adapter's errors → failures of the port. */
  async #with<T>(plugin: string, work: (running: Running) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#run())
    } catch (error) {
      throw this.#failureOf(error, plugin)
    }
  }

  #failureOf(error: unknown, pluginId: string): unknown {
    const options = { cause: error }
    if (error instanceof NoPackages) {
      this.#lacks = error.message
      return fail('plugins_unavailable', { reason: error.message }, options)
    }
    if (error instanceof PoolFull)
      return fail('plugins_unavailable', { reason: error.message }, options)
    if (error instanceof PluginEnded || error instanceof PluginRefused)
      return fail('plugin_failed', { pluginId, reason: error.message }, options)
    return error
  }

  #look(): Promise<Machine> {
    this.#machine ??= lookAtMachine(this.#parts.config)
    return this.#machine
  }

  async #run(): Promise<Running> {
    if (this.#isClosed) throw fail('plugins_unavailable', { reason: 'the server is closing' })
    this.#running ??= this.#open()
    return await this.#running
  }

  async #open(): Promise<Running> {
    const { problem, launcher, python } = await this.#look()
    if (problem !== null || launcher === null || python === null)
      throw fail('plugins_unavailable', { reason: problem ?? 'nothing was found to run them' })
    await this.#clear()
    const { folder, blobs, config, log } = this.#parts
    const runtime = { launcher, python }
    const starter: StarterParts = {
      runtime,
      packages: new PythonPackages(runtime, this.#parts),
      unpacked: new UnpackedPlugins(join(folder, 'code'), blobs, archiveLimits(config)),
      inputs: new RowInputs(join(folder, 'inputs'), blobs),
      folder: join(folder, 'scratch'),
      config,
      log,
    }
    const pool = new ProcessPool({
      start: (code, signal) => startPlugin(starter, code, signal),
      processesMax: config.pluginProcessesMax,
      concurrencyMax: config.pluginConcurrencyMax,
      queueMax: config.pluginQueueMax,
      idleMs: config.pluginIdleMs,
      log,
    })
    return { starter, pool, desk: new Desk(desksMax, config.pluginQueueMax) }
  }

  async #clear(): Promise<void> {
    await rm(this.#parts.folder, { recursive: true, force: true })
  }
}
