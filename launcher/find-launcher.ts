import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findBinary, NoBinary } from '../native/find-binary.ts'
import { unavailable } from '../native/native-crate.ts'
import { launcherCrate } from './launcher-crate.ts'
import type { Tier } from './policy.ts'

/** The launcher, and what it measured on this machine. */
export interface Launcher {
  path: string
  tier: Tier
  /** Why it is not `kernel`; empty where it is. */
  reasons: string[]
}

/** No launcher fits or runs: the message says why, and the two ways on, as lines to copy. */
export class LauncherUnavailable extends Error {
  override readonly name = 'LauncherUnavailable'
  constructor(reason: string, options?: ErrorOptions) {
    super(unavailable(launcherCrate, reason), options)
  }
}

/**
 * The committed launcher where it fits platform and sources, else one that `npm run launcher:build` made from
 * these sources; never builds. The tier is measured anew (some milliseconds): each wall is put up in a child,
 * which then runs against it.
 *
 * @throws LauncherUnavailable where there is none, or it does not run.
 */
export async function findLauncher({
  cacheFolder,
}: { cacheFolder?: string } = {}): Promise<Launcher> {
  const path = launcherBinary(cacheFolder)
  try {
    const { stdout } = await promisify(execFile)(path, ['probe'], { timeout: 10_000 })
    const { tier, reasons } = JSON.parse(stdout) as Omit<Launcher, 'path'>
    return { path, tier, reasons }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new LauncherUnavailable(`${path} does not run (${reason})`, { cause: error })
  }
}

function launcherBinary(cacheFolder?: string): string {
  if (process.platform !== 'linux') {
    throw new LauncherUnavailable(`its walls are those of Linux, and this is ${process.platform}`)
  }
  try {
    return findBinary(launcherCrate, cacheFolder)
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error
    throw new LauncherUnavailable(error.message, { cause: error })
  }
}
