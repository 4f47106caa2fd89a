import type { Config } from '../../config.ts'

/** How much a plugin's archive may be; each row is a setting (plugin-contract 1.3). */
export interface ArchiveLimits {
  archiveBytesMax: number
  /** Sum of all files, counted while they are unpacked. */
  extractedBytesMax: number
  /** Folders and dropped litter not counted. */
  filesMax: number
  /** Everything the archive names, folders and litter included. */
  entriesMax: number
  /** Unpacked bytes for one byte of archive, above `ratioFloorBytes`. */
  ratioMax: number
}

/** Below this an archive may unpack to any multiple of its size: a short file of blanks is no bomb. */
export const ratioFloorBytes = 16 << 20

/** Bytes that names and headers of one entry may take on average: bounds what a directory of entries costs. */
export const headerBytesPerEntry = 2048

/** The limits as the settings have them. */
export function archiveLimits(config: Config): ArchiveLimits {
  return {
    archiveBytesMax: config.pluginArchiveBytesMax,
    extractedBytesMax: config.pluginExtractedBytesMax,
    filesMax: config.pluginFilesMax,
    entriesMax: config.pluginEntriesMax,
    ratioMax: config.pluginRatioMax,
  }
}
