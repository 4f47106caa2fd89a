import { gzipSync } from 'node:zlib'

/** One header and its body as a packer would write them, and what a liar would write instead. */
export interface TarPart {
  name: string
  content?: string | Buffer
  type?: string
  link?: string
  mode?: number
  /** What the size field holds: octal digits are made of a number; a Buffer is taken as it is. */
  size?: number | Buffer
  magic?: string
  checksum?: number
}

/** A tar: blocks of the parts, then two of zeros. */
export function tarOf(parts: readonly TarPart[], end: Buffer = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...parts.map(blocksOf), end])
}

/** A .tar.gz with the two files that every plugin has, and more. */
export function pluginTarGz(...more: TarPart[]): Buffer {
  return gzipSync(tarOf([...pluginTarParts, ...more]))
}

export const pluginTarParts: readonly TarPart[] = [
  { name: 'manifest.py', content: 'feature_extractor_name = "probe"\n' },
  { name: 'pipeline.py', content: 'def build_steps(extractor_request): ...\n' },
]

/** A pax header: attributes of the next entry (`x`) or of all (`g`). */
export function pax(attributes: Readonly<Record<string, string>>, type = 'x'): TarPart {
  const records = Object.entries(attributes).map(([key, value]) => paxRecord(`${key}=${value}\n`))
  return { name: 'pax', type, content: records.join('') }
}

function paxRecord(body: string): string {
  const bytes = Buffer.byteLength(body) + 1
  const digits = String(bytes + String(bytes).length).length
  return `${bytes + digits} ${body}`
}

function blocksOf(part: TarPart): Buffer {
  const content = Buffer.from(part.content ?? '')
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
  return Buffer.concat([headerOf(part, content.length), content, padding])
}

function headerOf(part: TarPart, contentBytes: number): Buffer {
  const block = Buffer.alloc(512)
  block.write(part.name, 0, 100)
  block.write(octal(part.mode ?? 0o644, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  if (typeof part.size === 'object') part.size.copy(block, 124)
  else block.write(octal(part.size ?? contentBytes, 12), 124)
  block.write(octal(0, 12), 136)
  block.write(part.type ?? '0', 156)
  block.write(part.link ?? '', 157, 100)
  block.write(part.magic ?? 'ustar\x0000', 257, 'latin1')
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(octal(part.checksum ?? sum, 8), 148)
  return block
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}
