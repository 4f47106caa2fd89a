import { ArchiveProblem } from './archive-entry.ts'
import { ratioFloorBytes, type ArchiveLimits } from './archive-limits.ts'

/** Counts what an archive has cost so far; each method throws ArchiveProblem beyond its limit, or the signal's reason. */
export interface ArchiveBudget {
  entry(): void
  file(): void
  /** Before a file is read: what it says it is. */
  announce(sizeBytes: number): void
  /** While it is read: what it turns out to be. */
  spend(sizeBytes: number): void
}

/** Limits of one unpacking; messages name the limit and the measured value (plugin-contract 1.3). */
export function archiveBudget(
  limits: ArchiveLimits,
  archiveBytes: number,
  signal?: AbortSignal,
): ArchiveBudget {
  let entries = 0
  let files = 0
  let spent = 0

  function check(bytes: number): void {
    const { extractedBytesMax, ratioMax } = limits
    if (bytes > extractedBytesMax)
      throw over(
        'unpacks to',
        bytes,
        'bytes',
        extractedBytesMax,
        'NACRE_PLUGIN_EXTRACTED_BYTES_MAX',
      )
    if (bytes > Math.max(ratioFloorBytes, archiveBytes * ratioMax))
      throw new ArchiveProblem(
        `the archive unpacks ${archiveBytes} bytes to at least ${bytes}; at most ${ratioMax} times as many (NACRE_PLUGIN_RATIO_MAX)`,
      )
  }

  return {
    entry() {
      signal?.throwIfAborted()
      if (++entries > limits.entriesMax)
        throw over('has', entries, 'entries', limits.entriesMax, 'NACRE_PLUGIN_ENTRIES_MAX')
    },
    file() {
      if (++files > limits.filesMax)
        throw over('has', files, 'files', limits.filesMax, 'NACRE_PLUGIN_FILES_MAX')
    },
    announce: (sizeBytes) => check(spent + sizeBytes),
    spend(sizeBytes) {
      signal?.throwIfAborted()
      spent += sizeBytes
      check(spent)
    },
  }
}

function over(verb: string, measured: number, unit: string, limit: number, setting: string) {
  return new ArchiveProblem(
    `the archive ${verb} at least ${measured} ${unit}; at most ${limit} (${setting})`,
  )
}
