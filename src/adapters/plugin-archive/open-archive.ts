import type { FileHandle } from 'node:fs/promises'
import { createGunzip, type Gunzip } from 'node:zlib'
import { pipeline } from 'node:stream'
import { ArchiveProblem, shown, type ArchiveEntry } from './archive-entry.ts'
import { headerBytesPerEntry, ratioFloorBytes, type ArchiveLimits } from './archive-limits.ts'
import { byteReader } from './byte-reader.ts'
import { tarEntries } from './tar-entries.ts'
import { zipEntries } from './zip-entries.ts'

/** The entries of a zip or tar.gz, told apart by their first bytes (plugin-contract 1.3). Throws ArchiveProblem. */
export async function* openArchive(
  file: FileHandle,
  sizeBytes: number,
  limits: ArchiveLimits,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const start = Buffer.alloc(2)
  await file.read(start, 0, 2, 0)
  if (start.toString('latin1') === 'PK') {
    yield* zipEntries(file, sizeBytes, limits.entriesMax)
  } else if (start[0] === 0x1f && start[1] === 0x8b) {
    yield* tarGzEntries(file, sizeBytes, limits)
  } else {
    const given =
      sizeBytes === 0 ? 'it is empty' : `it starts with ${shown(start.toString('latin1'))}`
    throw new ArchiveProblem(`the archive is neither a .zip nor a .tar.gz: ${given}`)
  }
}

async function* tarGzEntries(
  file: FileHandle,
  sizeBytes: number,
  limits: ArchiveLimits,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const gunzip = createGunzip({ chunkSize: 64 << 10 })
  const source = file.createReadStream({ autoClose: false, start: 0 })
  pipeline(source, gunzip, () => {}) // an error comes out of gunzip as well, where it is read
  try {
    yield* tarEntries(byteReader(bounded(gunzip, sizeBytes, limits)))
    if (gunzip.bytesWritten < sizeBytes)
      throw new ArchiveProblem(
        `the archive goes on for ${sizeBytes - gunzip.bytesWritten} bytes after its end`,
      )
  } finally {
    gunzip.destroy()
    source.destroy()
  }
}

/** Headers and padding count too: an archive of empty entries without end is a bomb as well. */
async function* bounded(
  gunzip: Gunzip,
  archiveBytes: number,
  { extractedBytesMax, entriesMax, ratioMax }: ArchiveLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const contentMax = Math.min(extractedBytesMax, Math.max(ratioFloorBytes, archiveBytes * ratioMax))
  const bytesMax = contentMax + entriesMax * headerBytesPerEntry
  let bytes = 0
  for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > bytesMax)
      throw new ArchiveProblem(
        `the archive unpacks ${archiveBytes} bytes to at least ${bytes}, headers included; at most ${bytesMax} (NACRE_PLUGIN_RATIO_MAX, NACRE_PLUGIN_EXTRACTED_BYTES_MAX)`,
      )
    yield chunk
  }
}
