import { ArchiveProblem } from './archive-entry.ts'

/** One block of 512 bytes that names an entry (POSIX ustar and the GNU form of it). */
export interface TarHeader {
  name: string
  sizeBytes: number
  /** `0` file, `5` folder, `2` symbolic link, `x` attributes of the next entry … */
  type: string
}

/** Null for the block of zeros that ends an archive. Throws ArchiveProblem. */
export function readTarHeader(block: Buffer): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null
  if (checksumOf(block) !== readNumber(block.subarray(148, 156)))
    throw new ArchiveProblem('the archive holds a header with a wrong checksum; is it a tar?')
  const magic = block.toString('latin1', 257, 263)
  if (magic !== 'ustar\0' && magic !== 'ustar ')
    throw new ArchiveProblem('the archive holds a header that is not of the ustar form')
  const prefix = magic === 'ustar\0' ? text(block.subarray(345, 500)) : ''
  const name = text(block.subarray(0, 100))
  const type = block.toString('latin1', 156, 157)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes: readNumber(block.subarray(124, 136)),
    type: type === '\0' ? '0' : type,
  }
}

/** Up to the first NUL; what is no UTF-8 becomes U+FFFD, which no path may hold. */
export function text(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 32 // its own field counts as blanks
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte
  return sum
}

/** Octal digits, or base 256 where the first bit is set. */
function readNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) return readBase256(field)
  const digits = text(field).trim()
  if (!/^[0-7]*$/.test(digits))
    throw new ArchiveProblem('the archive holds a header with a wrong number')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

function readBase256(field: Buffer): number {
  let value = BigInt(field[0] ?? 0) & 0x7fn
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte)
  // Negative numbers have the second bit set and end here as well.
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ArchiveProblem('the archive holds a header with a number out of range')
  return Number(value)
}
