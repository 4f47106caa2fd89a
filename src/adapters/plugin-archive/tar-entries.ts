import { ArchiveProblem, shown, type ArchiveEntry } from './archive-entry.ts'
import type { ByteReader } from './byte-reader.ts'
import { readPaxAttributes } from './pax-attributes.ts'
import { readTarHeader, text, type TarHeader } from './tar-header.ts'

const blockBytes = 512
/** Attributes and long names of one entry; paths are far shorter (entry-path.ts). */
const attributeBytesMax = 64 << 10

/** One of each kind: for all entries, for this one, a long name, a long link. */
const attributeHeadersMax = 4

/** What headers before an entry said of it. */
interface Ahead {
  headers: number
  name: string | null
  sizeBytes: number | null
  isSparse: boolean
}

/**
 * The entries of a tar as they come. A reader of our own: the one at hand merges global attributes anew for each entry
 * and takes any number of attribute headers, so that a small archive holds up the process for half a minute.
 * Throws ArchiveProblem.
 */
export async function* tarEntries(
  bytes: ByteReader,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  let ahead = nothingAhead()
  for (;;) {
    const block = await bytes.take(blockBytes)
    const header = block && readTarHeader(block)
    if (!block)
      throw new ArchiveProblem('the archive was cut off: a tar ends with a block of zeros')
    if (!header) break
    if (await readAhead(bytes, header, ahead)) continue
    yield* oneEntry(bytes, header, ahead)
    ahead = nothingAhead()
  }
  await refuseMore(bytes)
}

function nothingAhead(): Ahead {
  return { headers: 0, name: null, sizeBytes: null, isSparse: false }
}

/** True where the header was about a later entry, and its body has been read. */
async function readAhead(bytes: ByteReader, header: TarHeader, ahead: Ahead): Promise<boolean> {
  if (!['x', 'g', 'L', 'K'].includes(header.type)) return false
  if (++ahead.headers > attributeHeadersMax)
    throw new ArchiveProblem(
      `the archive gives one entry more than ${attributeHeadersMax} headers of attributes`,
    )
  const body = await readBody(bytes, header)
  if (header.type === 'L') ahead.name = text(body)
  if (header.type !== 'x' && header.type !== 'g') return true
  const attributes = readPaxAttributes(body)
  if (header.type === 'g') refuseGlobal(attributes)
  else applyAttributes(attributes, ahead)
  return true
}

async function readBody(bytes: ByteReader, header: TarHeader): Promise<Buffer> {
  if (header.sizeBytes > attributeBytesMax)
    throw new ArchiveProblem(
      `the archive holds attributes of ${header.sizeBytes} bytes; at most ${attributeBytesMax}`,
    )
  const body = header.sizeBytes === 0 ? Buffer.alloc(0) : await bytes.take(header.sizeBytes)
  if (!body) throw new ArchiveProblem('the archive was cut off')
  await skip(bytes, paddingOf(header.sizeBytes))
  return body
}

/** `git archive` writes its commit as a comment here; names and sizes for all entries at once nobody needs. */
function refuseGlobal(attributes: Map<string, string>): void {
  for (const key of ['path', 'linkpath', 'size'])
    if (attributes.has(key)) throw new ArchiveProblem(`the archive sets '${key}' for all entries`)
}

function applyAttributes(attributes: Map<string, string>, ahead: Ahead): void {
  const size = attributes.get('size')
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw new ArchiveProblem(`the archive holds the size ${shown(size)}, which is no number`)
  ahead.name = attributes.get('path') ?? ahead.name
  ahead.sizeBytes = size === undefined ? ahead.sizeBytes : Number(size)
  ahead.isSparse ||= [...attributes.keys()].some((key) => key.startsWith('GNU.sparse.'))
}

async function* oneEntry(
  bytes: ByteReader,
  header: TarHeader,
  ahead: Ahead,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const name = ahead.name ?? header.name
  const sizeBytes = ahead.sizeBytes ?? header.sizeBytes
  const kind = header.type === '5' || name.endsWith('/') ? 'folder' : 'file'
  const rest = bytes.pieces(sizeBytes)
  yield {
    name,
    kind,
    refusal: ahead.isSparse ? sparse : refusalOf(header.type, kind, sizeBytes),
    sizeBytes,
    content: () => rest,
  }
  for await (const _ of rest); // what the caller left
  await skip(bytes, paddingOf(sizeBytes))
}

const sparse = 'is a sparse file; pack it without --sparse'
const refusals: Readonly<Record<string, string>> = {
  1: 'is a hard link; put the file itself into the archive',
  2: 'is a symbolic link; put the file itself into the archive',
  3: 'is a character device',
  4: 'is a block device',
  6: 'is a named pipe',
  S: sparse,
}

function refusalOf(type: string, kind: 'file' | 'folder', sizeBytes: number): string | null {
  if (type !== '0' && type !== '5' && type !== '7')
    return refusals[type] ?? `is of the unknown kind ${shown(type)}`
  return kind === 'folder' && sizeBytes > 0 ? 'is a folder with content' : null
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

async function skip(bytes: ByteReader, count: number): Promise<void> {
  for await (const _ of bytes.pieces(count));
}

/** Packers fill the last record with zeros; anything else is a second archive that another reader would see. */
async function refuseMore(bytes: ByteReader): Promise<void> {
  for (;;) {
    const block = await bytes.take(blockBytes)
    if (!block) return
    if (block.some((byte) => byte !== 0))
      throw new ArchiveProblem('the archive goes on after its end; joined archives are refused')
  }
}
