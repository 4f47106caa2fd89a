/** What file systems take: 255 bytes a part; 1,024 in all leave room for the folder it is unpacked to. */
const partBytesMax = 255
const pathBytesMax = 1024
const partsMax = 32

// Control and format characters, separators of lines, private surrogates, and what a wrong encoding decodes to.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u

/**
 * A name of an archive as a relative path with `/`, '' being the archive's root; or why it is none
 * (plugin-contract 1.2). Backslashes are slashes, `./` and doubled slashes mean nothing.
 */
export function readEntryPath(name: string): { path: string } | { problem: string } {
  if (name === '') return { problem: 'has no name' }
  if (unseen.test(name)) return { problem: 'has a character that cannot be shown in its name' }
  const slashed = name.replaceAll('\\', '/')
  if (slashed.startsWith('/')) return { problem: 'is an absolute path; paths are relative' }
  if (/^[A-Za-z]:/.test(slashed)) return { problem: 'starts with a drive letter' }
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return { problem: "leads out of the archive with '..'" }
  const problem = tooLong(parts)
  return problem === null ? { path: parts.join('/') } : { problem }
}

function tooLong(parts: readonly string[]): string | null {
  if (parts.length > partsMax) return `is ${parts.length} folders deep; at most ${partsMax}`
  const pathBytes = Buffer.byteLength(parts.join('/'))
  if (pathBytes > pathBytesMax) return `has a path of ${pathBytes} bytes; at most ${pathBytesMax}`
  const partBytes = Math.max(0, ...parts.map((part) => Buffer.byteLength(part)))
  if (partBytes > partBytesMax) return `has a name of ${partBytes} bytes; at most ${partBytesMax}`
  return null
}

const litter = new Set(['__macosx', '.ds_store', '__pycache__', '.git'])

/**
 * What packers leave behind and no plugin needs. Also a wall: compiled code in `__pycache__` would be run in place of
 * the source that was scanned.
 */
export function isLitter(path: string): boolean {
  return path.split('/').some((part) => litter.has(part.toLowerCase()) || part.startsWith('._'))
}
