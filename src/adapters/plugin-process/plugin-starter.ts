import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import type { Logger } from '../../ports/logger.ts'
import type { PluginCode } from '../../ports/plugin-host.ts'
import { hostCommand, type Room, type Runtime } from './launch-policy.ts'
import { readLoaded } from './manifest-answer.ts'
import { PluginRefused } from './plugin-ended.ts'
import { PluginProcess, type Answer, type ProcessLimits } from './plugin-process.ts'
import type { Started } from './process-pool.ts'
import type { PythonPackages } from './python-packages.ts'
import type { RowInputs } from './row-inputs.ts'
import type { UnpackedPlugins } from './unpacked-plugins.ts'

export interface StarterParts {
  runtime: Runtime
  packages: PythonPackages
  unpacked: UnpackedPlugins
  inputs: RowInputs
  /** Scratch folders of processes lie below it. */
  folder: string
  config: Config
  log: Logger
}

/** Less than this, and Python with pandas does not start. */
const memoryBytesMin = 2 ** 28
/** Over its life a process may use so many times what one call may, before it is replaced. */
const wornCalls = 2
/** Beyond that the kernel ends it, whatever we see. */
const cpuReserveSeconds = 60

/** A process with the plugin loaded. Throws `PluginEnded`, and `PluginRefused` of kind `load` with the plugin's errors. */
export async function startPlugin(
  parts: StarterParts,
  code: PluginCode,
  signal?: AbortSignal,
): Promise<Started> {
  const { process, answer } = await startLoaded(parts, code, signal)
  const { errors } = readLoaded(answer)
  if (errors.length === 0)
    return { process, wornCpuMs: parts.config.pluginCpuSecondsMax * wornCalls * 1000 }
  await process.close()
  throw new PluginRefused('load', errors.join('; '))
}

/** A process that was told to load the plugin, and what it answered to that. */
export async function startLoaded(
  parts: StarterParts,
  code: PluginCode,
  signal?: AbortSignal,
): Promise<{ process: PluginProcess; answer: Answer }> {
  const stack = new AsyncDisposableStack()
  try {
    const sites = await parts.packages.of(code.dependencies)
    const { folder } = stack.use(await parts.unpacked.take(code.archiveHash))
    const inputs = await parts.inputs.folderOf(code)
    const scratch = join(parts.folder, randomUUID())
    await mkdir(scratch, { recursive: true, mode: 0o700 })
    const limits = limitsOf(parts.config, code)
    const room = roomOf(parts.config, code, { folder, inputs, scratch, limits })
    signal?.throwIfAborted()
    const process = new PluginProcess({
      ...hostCommand(parts.runtime, room, sites),
      scratch,
      limits,
      log: parts.log.child({ pluginId: code.pluginId, namespaceId: code.namespaceId }),
    })
    stack.defer(() => process.close())
    const request = { namespace_id: code.namespaceId }
    const answer = await process.ask(
      { op: 'load', folder, request },
      parts.config.pluginStartMs,
      signal,
    )
    const owned = stack.move()
    // The code is given back when the process is gone; it closes itself until then.
    void process.gone.then(() => owned.disposeAsync())
    return { process, answer }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

function roomOf(
  config: Config,
  { pluginId }: PluginCode,
  own: { folder: string; inputs: string; scratch: string; limits: ProcessLimits },
): Room {
  return {
    cwd: own.folder,
    readPaths: [own.folder, own.inputs],
    scratch: own.scratch,
    memoryBytes: own.limits.memoryBytes,
    cpuSeconds: own.limits.cpuSeconds * (wornCalls + 1) + cpuReserveSeconds,
    fileSizeBytes: own.limits.diskBytes,
    network: mayUseNetwork(config.pluginNetwork, pluginId),
  }
}

function limitsOf(config: Config, { profile }: PluginCode): ProcessLimits {
  return {
    memoryBytes: Math.max(
      memoryBytesMin,
      Math.min(profile.memoryBytes, config.pluginMemoryBytesMax),
    ),
    cpuSeconds: config.pluginCpuSecondsMax,
    threads: config.pluginThreadsMax,
    diskBytes: config.pluginDiskBytesMax,
    outputBytes: config.pluginOutputBytesMax,
    logLines: config.pluginLogLinesMax,
  }
}

/** By its id, or by its name for all its versions. */
export function mayUseNetwork(granted: string | undefined, pluginId: string): boolean {
  const name = pluginId.replace(/_\d+_\d+_\d+$/, '')
  return (granted ?? '').split(',').some((one) => one === pluginId || one === name)
}
