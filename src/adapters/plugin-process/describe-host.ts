import { findLauncher } from '../../../launcher/find-launcher.ts'
import type { Launcher } from '../../../launcher/find-launcher.ts'
import type { Config } from '../../config.ts'
import type { PluginHostDescription } from '../../ports/plugin-host.ts'
import { findPython } from './find-python.ts'
import type { Python } from './find-python.ts'

/** What plugins run on here; `problem` says why they cannot. */
export interface Machine {
  launcher: Launcher | null
  python: Python | null
  problem: string | null
}

/** Looks once at what is there: some tens of milliseconds. Never throws. */
export async function lookAtMachine(
  config: Pick<Config, 'python' | 'pluginTier'>,
): Promise<Machine> {
  const [launcher, python] = await Promise.all([
    settled(findLauncher()),
    settled(findPython(config.python)),
  ])
  const problems = [launcher.problem, wallsMissing(config, launcher.value), python.problem]
  return {
    launcher: launcher.value,
    python: python.value,
    problem: problems.find((problem) => problem !== null) ?? null,
  }
}

export function descriptionOf({ launcher, python, problem }: Machine): PluginHostDescription {
  return {
    tier: launcher?.tier ?? 'process',
    reasons: launcher?.reasons ?? ['there is no launcher'],
    python: python && { path: python.path, version: python.version },
    problem,
  }
}

function wallsMissing({ pluginTier }: Pick<Config, 'pluginTier'>, launcher: Launcher | null) {
  if (launcher === null || launcher.tier === 'kernel' || pluginTier === 'process') return null
  return `NACRE_PLUGIN_TIER is kernel, and this machine reaches ${launcher.tier}: ${launcher.reasons.join('; ')}`
}

async function settled<T>(
  looking: Promise<T>,
): Promise<{ value: T; problem: null } | { value: null; problem: string }> {
  try {
    return { value: await looking, problem: null }
  } catch (error) {
    return { value: null, problem: error instanceof Error ? error.message : String(error) }
  }
}
