import type { Config } from '../../config.ts'
import { fail } from '../../domain/failure.ts'
import type { BlobStore } from '../../ports/blob-store.ts'
import type { Logger } from '../../ports/logger.ts'
import type { PluginHost, PluginHostDescription } from '../../ports/plugin-host.ts'
import { descriptionOf, lookAtMachine } from './describe-host.ts'
import type { Machine } from './describe-host.ts'

export interface PluginProcessParts {
  /** Of this host alone: what it unpacks lies there, and is removed at the start. */
  folder: string
  blobs: BlobStore
  config: Config
  log: Logger
}

/** Python plugins in processes of their own, behind the launcher. Starts nothing before it is asked for something. */
export function openPluginProcess(parts: PluginProcessParts): PluginHost {
  return new PluginProcessHost(parts)
}

class PluginProcessHost implements PluginHost {
  readonly #parts: PluginProcessParts
  #machine: Promise<Machine> | null = null

  constructor(parts: PluginProcessParts) {
    this.#parts = parts
  }

  async describe(): Promise<PluginHostDescription> {
    return descriptionOf(await this.#look())
  }

  async inspect(): Promise<never> {
    throw await this.#unavailable()
  }
  async check(): Promise<never> {
    throw await this.#unavailable()
  }
  async warm(): Promise<never> {
    throw await this.#unavailable()
  }
  async stop(): Promise<void> {}
  async run(): Promise<never> {
    throw await this.#unavailable()
  }
  async realtime(): Promise<never> {
    throw await this.#unavailable()
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #look(): Promise<Machine> {
    this.#machine ??= lookAtMachine(this.#parts.config)
    return this.#machine
  }

  async #unavailable() {
    const { problem } = await this.#look()
    return fail('plugins_unavailable', { reason: problem ?? 'plugins do not run yet' })
  }
}
