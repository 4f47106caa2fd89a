import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { fromRandomAccessReaderPromise, getFileNameLowLevel, type Entry, type ZipFile } from 'yauzl'
import { ArchiveProblem, shown, type ArchiveEntry } from './archive-entry.ts'
import { headerBytesPerEntry } from './archive-limits.ts'
import { FileSlices } from './file-slices.ts'

/** An entry and where its bytes stand in the file. */
interface Placed {
  entry: Entry
  name: string
  refusal: string | null
  start: number
  end: number
}

/**
 * The entries of a zip, in the order of its central directory, which is read and checked whole before the first one is
 * handed out: no two share bytes, and each agrees with its own header. Throws ArchiveProblem.
 */
export async function* zipEntries(
  file: FileHandle,
  sizeBytes: number,
  entriesMax: number,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const zip = await fromRandomAccessReaderPromise(new FileSlices(file, sizeBytes), sizeBytes, {
    autoClose: false,
    decodeStrings: false,
  })
  const placed = await readDirectory(zip, entriesMax)
  refuseSharedBytes(placed)
  for (const { entry, name, refusal } of placed) {
    yield {
      name,
      kind: /[/\\]$/.test(name) ? 'folder' : 'file',
      refusal,
      sizeBytes: entry.uncompressedSize,
      content: () => contentOf(zip, entry, name),
    }
  }
}

async function readDirectory(zip: ZipFile, entriesMax: number): Promise<Placed[]> {
  const placed: Placed[] = []
  // Typed as a boolean by its declarations; it is the place of the next record.
  const directoryStart = Number(zip.readEntryCursor)
  const headerBytesMax = entriesMax * headerBytesPerEntry
  for await (const entry of zip.eachEntry()) {
    if (placed.length >= entriesMax)
      throw new ArchiveProblem(
        `the archive has more than ${entriesMax} entries (NACRE_PLUGIN_ENTRIES_MAX)`,
      )
    if (Number(zip.readEntryCursor) - directoryStart > headerBytesMax)
      throw new ArchiveProblem(`the archive's directory is larger than ${headerBytesMax} bytes`)
    placed.push(await place(zip, entry))
  }
  refuseHiddenBytes(zip)
  return placed
}

/** A directory that ends elsewhere than its end record says was joined to another archive, or lies about its length. */
function refuseHiddenBytes(zip: ZipFile): void {
  const endRecord = zip.fileSize - 22 - Buffer.byteLength(zip.comment)
  const between = endRecord - Number(zip.readEntryCursor)
  const zip64Records = 56 + 20
  if (between !== 0 && between !== zip64Records)
    throw new ArchiveProblem(
      `the archive's directory ends ${between} bytes before its end record; joined or patched archives are refused`,
    )
}

async function place(zip: ZipFile, entry: Entry): Promise<Placed> {
  const raw = entry.fileNameRaw
  const name = raw.some((byte) => byte < 32)
    ? raw.toString('latin1') // the old encoding would show control characters as signs
    : getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false)
  const local = await zip.readLocalFileHeaderPromise(entry)
  const start = entry.relativeOffsetOfLocalHeader
  const end = local.fileDataStart + entry.compressedSize
  const isSame =
    local.fileName.equals(raw) &&
    local.compressionMethod === entry.compressionMethod &&
    (local.generalPurposeBitFlag & 1) === (entry.generalPurposeBitFlag & 1)
  const refusal = isSame ? refusalOf(entry, name) : 'has another name or form in its own header'
  return { entry, name, refusal, start, end }
}

const unixKinds: Readonly<Record<number, string>> = {
  0o120000: 'is a symbolic link; put the file itself into the archive',
  0o020000: 'is a character device',
  0o060000: 'is a block device',
  0o010000: 'is a named pipe',
  0o140000: 'is a socket',
}

function refusalOf(entry: Entry, name: string): string | null {
  if (entry.isEncrypted()) return 'is encrypted'
  if (!entry.canDecodeFileData())
    return `is compressed with method ${entry.compressionMethod}; store or deflate it`
  const kind = (entry.externalFileAttributes >>> 16) & 0o170000
  const isFolder = /[/\\]$/.test(name)
  if (kind === 0 || kind === 0o100000) {
    return isFolder && entry.uncompressedSize > 0 ? 'is a folder with content' : null
  }
  if (kind === 0o040000) return isFolder ? null : 'is a folder without a slash at its end'
  return unixKinds[kind] ?? `is of the unknown kind ${kind.toString(8)}`
}

function refuseSharedBytes(placed: readonly Placed[]): void {
  const sorted = placed.toSorted((a, b) => a.start - b.start)
  for (const [index, { name, start }] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before && start < before.end)
      throw new ArchiveProblem(
        `${shown(name)} shares bytes of the archive with ${shown(before.name)}; overlapping entries are refused`,
      )
  }
}

async function* contentOf(
  zip: ZipFile,
  entry: Entry,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let checksum = 0
  const stream = await zip.openReadStreamPromise(entry)
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    checksum = crc32(chunk, checksum)
    yield chunk
  }
  if (checksum !== entry.crc32)
    throw new ArchiveProblem(`${shown(name)} has another checksum than the archive says`)
}
