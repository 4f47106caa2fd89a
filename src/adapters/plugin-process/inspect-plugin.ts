import type {
  PluginCheck,
  PluginCode,
  PluginInspection,
  UploadedAs,
} from '../../ports/plugin-host.ts'
import { hostCommand } from './launch-policy.ts'
import { readInspection, readLoaded, readProbed } from './manifest-answer.ts'
import { PluginEnded, PluginRefused } from './plugin-ended.ts'
import { PluginProcess } from './plugin-process.ts'
import { startLoaded, type StarterParts } from './plugin-starter.ts'

/** Reading needs little; what needs more is no manifest. */
const readerMemoryBytes = 2 ** 29
const readerCpuSeconds = 20

/** Unpacks and reads an archive, in a process that may read that alone and write nowhere; runs none of its code. */
export async function inspectPlugin(
  parts: StarterParts,
  archiveHash: string,
  uploaded: UploadedAs | null,
  signal?: AbortSignal,
): Promise<PluginInspection> {
  await using unpacked = await parts.unpacked.unpack(archiveHash, signal)
  const { codeHash, errors, warnings } = unpacked.archive
  if (errors.length > 0) return { manifest: null, codeHash: null, violations: [], errors, warnings }
  try {
    const read = readInspection(await ask(parts, unpacked.folder, uploaded, signal))
    return {
      manifest: read.manifest,
      codeHash,
      violations: read.violations,
      errors: read.errors,
      warnings: [...warnings, ...read.warnings],
    }
  } catch (error) {
    if (!(error instanceof PluginEnded)) throw error
    const reason = `the archive cannot be read: ${error.message}`
    return { manifest: null, codeHash, violations: [], errors: [reason], warnings }
  }
}

async function ask(
  parts: StarterParts,
  folder: string,
  uploaded: UploadedAs | null,
  signal?: AbortSignal,
): Promise<unknown> {
  const { config, runtime, log } = parts
  const limits = {
    memoryBytes: readerMemoryBytes,
    cpuSeconds: readerCpuSeconds,
    threads: 16,
    diskBytes: 0,
    outputBytes: config.pluginOutputBytesMax,
    logLines: config.pluginLogLinesMax,
  }
  const room = {
    ...limits,
    cwd: folder,
    readPaths: [folder],
    scratch: null,
    fileSizeBytes: 0,
    network: false,
  }
  const command = hostCommand(runtime, room, [])
  const process = new PluginProcess({ ...command, scratch: null, limits, log })
  try {
    return await process.ask({ op: 'inspect', folder, uploaded }, config.pluginStartMs, signal)
  } finally {
    await process.close()
  }
}

/** Loads it and sends a generated row through it, in a process of its own that then ends. */
export async function checkPlugin(
  parts: StarterParts,
  code: PluginCode,
  signal?: AbortSignal,
): Promise<PluginCheck> {
  const missing: string[] = []
  try {
    missing.push(...(await missingDependencies(parts, code)))
    const { process, answer } = await startLoaded(parts, code, signal)
    try {
      const loaded = readLoaded(answer)
      const given = {
        manifest: loaded.manifest,
        errors: [...missing, ...loaded.errors],
        warnings: loaded.warnings,
      }
      if (given.errors.length > 0) return given
      const probed = readProbed(
        await process.ask({ op: 'probe' }, parts.config.pluginBatchMs, signal),
      )
      return {
        ...given,
        errors: probed.errors,
        warnings: [...new Set([...loaded.warnings, ...probed.warnings])],
      }
    } finally {
      await process.close()
    }
  } catch (error) {
    if (!(error instanceof PluginEnded || error instanceof PluginRefused)) throw error
    return { manifest: null, errors: [...missing, error.message], warnings: [] }
  }
}

/** Each with what an operator can do about it (plugin-contract 2.6). */
async function missingDependencies(
  { packages, config }: StarterParts,
  code: PluginCode,
): Promise<string[]> {
  if (config.pluginInstall === 'grant') return []
  const missing = await packages.missing(code.dependencies)
  if (missing.length === 0) return []
  const ways = `set NACRE_PLUGIN_INSTALL=grant, or install by hand: ${packages.remedy(code.dependencies)}`
  return missing.map((one) => `dependency ${one}; the operator can ${ways}`)
}
