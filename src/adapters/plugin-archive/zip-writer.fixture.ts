import { crc32, deflateRawSync } from 'node:zlib'

/** One entry as a packer would write it, and what a liar would write instead. */
export interface ZipPart {
  name: string | Buffer
  content?: string | Buffer
  method?: number
  flags?: number
  /** Unix mode with its kind, e.g. 0o120777; 0: none. */
  mode?: number
  crc?: number
  compressedSize?: number
  uncompressedSize?: number
  extra?: Buffer
  /** The compressed bytes, if they are not those of `content`. */
  data?: Buffer
  localName?: string | Buffer
  localMethod?: number
  localFlags?: number
  /** Where the directory says its header is; -1: no header of its own is written, it shares the first one's. */
  localOffset?: number
  comment?: Buffer
}

/** What the end record says, right or wrong. */
export interface ZipEnd {
  comment?: Buffer
  count?: number
  directoryOffset?: number
  disk?: number
  /** Between directory and end record. */
  between?: Buffer
  /** Offset that a zip64 locator names. */
  zip64Offset?: bigint
}

/** A zip, byte for byte as told. */
export function zipOf(parts: readonly ZipPart[], end: ZipEnd = {}): Buffer {
  const locals: Buffer[] = []
  const records: Buffer[] = []
  let offset = 0
  for (const part of parts) {
    const shape = shapeOf(part)
    const isShared = part.localOffset === -1
    records.push(directoryRecord(part, shape, isShared ? 0 : (part.localOffset ?? offset)))
    if (isShared) continue
    const local = Buffer.concat([localHeader(part, shape), shape.data])
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat([...records, end.between ?? Buffer.alloc(0)])
  return Buffer.concat([...locals, directory, endRecord(parts.length, offset, directory, end)])
}

/** The two files that every plugin has, and more. */
export function pluginZip(...more: ZipPart[]): Buffer {
  return zipOf([...pluginParts, ...more])
}

export const pluginParts: readonly ZipPart[] = [
  { name: 'manifest.py', content: 'feature_extractor_name = "probe"\n' },
  { name: 'pipeline.py', content: 'def build_steps(extractor_request): ...\n' },
]

interface Shape {
  name: Buffer
  data: Buffer
  method: number
  flags: number
  crc: number
  compressedSize: number
  uncompressedSize: number
}

function shapeOf(part: ZipPart): Shape {
  const content = Buffer.from(part.content ?? '')
  const method = part.method ?? 8
  const data = part.data ?? (method === 8 ? deflateRawSync(content) : content)
  return {
    name: Buffer.from(part.name),
    data,
    method,
    flags: part.flags ?? 0x800,
    crc: part.crc ?? crc32(content),
    compressedSize: part.compressedSize ?? data.length,
    uncompressedSize: part.uncompressedSize ?? content.length,
  }
}

function localHeader(part: ZipPart, shape: Shape): Buffer {
  const name = part.localName === undefined ? shape.name : Buffer.from(part.localName)
  return Buffer.concat([
    u32(0x04034b50),
    u16(20, part.localFlags ?? shape.flags, part.localMethod ?? shape.method, 0, 0),
    u32(shape.crc, shape.compressedSize, shape.uncompressedSize),
    u16(name.length, 0),
    name,
  ])
}

function directoryRecord(part: ZipPart, shape: Shape, localOffset: number): Buffer {
  const extra = part.extra ?? Buffer.alloc(0)
  const comment = part.comment ?? Buffer.alloc(0)
  return Buffer.concat([
    u32(0x02014b50),
    u16((3 << 8) | 20, 20, shape.flags, shape.method, 0, 0),
    u32(shape.crc, shape.compressedSize, shape.uncompressedSize),
    u16(shape.name.length, extra.length, comment.length, 0, 0),
    u32(((part.mode ?? 0o100644) << 16) >>> 0, localOffset),
    shape.name,
    extra,
    comment,
  ])
}

function endRecord(parts: number, offset: number, directory: Buffer, end: ZipEnd): Buffer {
  const count = end.count ?? parts
  const comment = end.comment ?? Buffer.alloc(0)
  const locator = end.zip64Offset === undefined ? Buffer.alloc(0) : zip64Locator(end.zip64Offset)
  return Buffer.concat([
    locator,
    u32(0x06054b50),
    u16(end.disk ?? 0, 0, count, count),
    u32(directory.length, end.directoryOffset ?? offset),
    u16(comment.length),
    comment,
  ])
}

/** The record of 56 bytes that a zip64 locator points to. */
export function zip64Record(count: bigint, directoryOffset: bigint): Buffer {
  return Buffer.concat([
    u32(0x06064b50),
    u64(44n),
    u16(45, 45),
    u32(0, 0),
    u64(count, count, 0n, directoryOffset),
  ])
}

function zip64Locator(offset: bigint): Buffer {
  return Buffer.concat([u32(0x07064b50, 0), u64(offset), u32(1)])
}

/** An extra field of a directory record. */
export function extraField(id: number, data: Buffer): Buffer {
  return Buffer.concat([u16(id, data.length), data])
}

export function u16(...values: number[]): Buffer {
  return Buffer.from(new Uint16Array(values).buffer)
}

export function u32(...values: number[]): Buffer {
  return Buffer.from(new Uint32Array(values).buffer)
}

export function u64(...values: bigint[]): Buffer {
  return Buffer.from(new BigUint64Array(values).buffer)
}
