import { crc32, deflateRawSync } from 'node:zlib'
import { refused } from './unpacking.fixture.ts'
import {
  extraField,
  pluginParts,
  pluginZip,
  u16,
  u32,
  u64,
  zip64Record,
  zipOf,
  type ZipPart,
} from './zip-writer.fixture.ts'

const evil = { content: 'evil' }
const control = Buffer.from('a\nb.py')
const zeros = Buffer.alloc(64 << 20)

refused('a zip with a path that', [
  named("leads out with '..'", '../evil.py', /'\.\.\/evil\.py' leads out of the archive/),
  named("hides '..' amid folders", 'a/../../evil.py', /leads out of the archive/),
  named("ends in '..'", 'a/..', /leads out of the archive/),
  named('is absolute', '/etc/evil.py', /'\/etc\/evil\.py' is an absolute path/),
  named('is absolute on Windows', 'C:\\evil.py', /starts with a drive letter/),
  named('is relative to a drive', 'c:evil.py', /starts with a drive letter/),
  named('leads out with backslashes', '..\\..\\evil.py', /leads out of the archive/),
  named('is a network path', '\\\\server\\share\\evil.py', /is an absolute path/),
  named('is empty', '', /'' has no name/),
  named('is the root itself', './', /is a folder with content/),
  named('holds a NUL', 'evil.py\0.txt', /has a character that cannot be shown/),
  named('turns the direction of writing', 'a\u202Eyp.exe', /cannot be shown/),
  named('is no UTF-8', Buffer.from([0x61, 0xff, 0xfe]), /cannot be shown/),
  named('has a name of 300 bytes', 'é'.repeat(150), /has a name of 300 bytes; at most 255/),
  named('has 2,000 bytes', `${'a'.repeat(199)}/`.repeat(10) + 'a', /has a path of 2001 bytes/),
  named('is 41 folders deep', 'a/'.repeat(40) + 'a', /is 41 folders deep; at most 32/),
  named("leads out below litter's name", '__MACOSX/../../evil.py', /leads out of the archive/),
  {
    what: 'holds a line feed in the old encoding',
    archive: () => pluginZip({ name: control, flags: 0, ...evil }),
    says: /cannot be shown/,
  },
  {
    what: 'leads out in its Unicode name only',
    archive: () => pluginZip({ name: 'evil.py', extra: unicodePath('evil.py', '../x'), ...evil }),
    says: /'\.\.\/x' leads out of the archive/,
  },
  {
    what: 'stands otherwise in its own header',
    archive: () => pluginZip({ name: 'good.py', localName: '../evil.py', ...evil }),
    says: /'good\.py' has another name or form in its own header/,
  },
])

refused('a zip with names that', [
  pair('are one', 'core.py', 'core.py', /'core\.py' is in the archive twice/),
  pair('are one but for a dot', 'core.py', './core.py', /is in the archive twice/),
  pair('are one but for a slash', 'a/b.py', 'a//b.py', /is in the archive twice/),
  pair('are one but for a backslash', 'a/b.py', 'a\\b.py', /is in the archive twice/),
  pair('differ in case', 'core.py', 'Core.py', /'Core\.py' differs from 'core\.py' only in case/),
  pair('differ in the case of a folder', 'a/x.py', 'A/y.py', /differs from 'a' only in case/),
  pair('differ in Unicode form', 'caf\u00e9.py', 'cafe\u0301.py', /only in case or spelling/),
  pair('Python takes for one', '\ufb01le.py', 'file.py', /only in case or spelling/),
  pair('make a file a folder', 'core', 'core/x.py', /'core\/x\.py' is both a file and a folder/),
  pair('make a folder a file', 'core/x.py', 'core', /'core' is both a file and a folder/),
])

refused('a zip with an entry that', [
  one('is a symbolic link', { mode: 0o120777, content: '/etc/passwd' }, /is a symbolic link/),
  one('is a character device', { mode: 0o020666 }, /is a character device/),
  one('is a block device', { mode: 0o060666 }, /is a block device/),
  one('is a named pipe', { mode: 0o010666 }, /is a named pipe/),
  one('is a socket', { mode: 0o140666 }, /is a socket/),
  one('is of no known kind', { mode: 0o130666 }, /is of the unknown kind 130000/),
  one('is a folder without a slash', { mode: 0o040755 }, /is a folder without a slash/),
  named('is a folder with content', 'folder/', /is a folder with content/),
  one('is encrypted', { flags: 0x801 }, /is encrypted/),
  one('is strongly encrypted', { flags: 0x841 }, /strong encryption is not supported/),
  one('hides its encryption', { localFlags: 0x801 }, /another name or form in its own header/),
  one('is compressed in another way', { method: 12 }, /is compressed with method 12/),
  one('hides its compression', { localMethod: 0 }, /another name or form in its own header/),
  one('has a wrong checksum', { crc: 1, ...evil }, /'x\.py' has another checksum/),
  one('has broken data', { data: Buffer.from('no deflate'), ...evil }, /cannot be read/),
  one('is shorter than it says', { uncompressedSize: 9, ...evil }, /cannot be read: not enough/),
  one('is longer than it says', { uncompressedSize: 1, ...evil }, /cannot be read: too many/),
  one('is stored in another size', { method: 0, uncompressedSize: 9, ...evil }, /size mismatch/),
  one('has no header', { localOffset: 10 }, /invalid local file header/),
  one('begins past the end', { localOffset: 0x7fffffff }, /unexpected end of the archive/),
  one('ends past the end', { compressedSize: 1 << 20 }, /overflows file bounds/),
  one('has attributes cut off', { extra: u16(1, 500) }, /extra field length exceeds/),
])

refused('a zip bomb that', [
  one(
    'is one file of zeros',
    { content: zeros },
    /unpacks \d+ bytes to at least 671\d+; at most 250 times as many/,
  ),
  one('says it is small', { content: zeros, uncompressedSize: 10 }, /too many bytes/),
  one(
    'says it is huge',
    { uncompressedSize: 0xfffffffe },
    /at least 4294967\d+ bytes; at most 524288000/,
  ),
  {
    what: 'says in zip64 that it has 2^60 bytes',
    archive: () =>
      pluginZip({
        name: 'x.py',
        uncompressedSize: 0xffffffff,
        extra: extraField(1, u64(1n << 60n)),
        ...evil,
      }),
    says: /at least 1152921504606\d+ bytes; at most 524288000/,
  },
  {
    what: 'is many small files',
    archive: () => pluginZip(...numbered(1000, (n) => ({ name: `f${n}.py` }))),
    says: /has at least 1001 files; at most 1000 \(NACRE_PLUGIN_FILES_MAX\)/,
  },
  {
    what: 'is many folders',
    archive: () => pluginZip(...numbered(10_000, (n) => ({ name: `d${n}/`, method: 0 }))),
    says: /has more than 10000 entries \(NACRE_PLUGIN_ENTRIES_MAX\)/,
  },
  {
    what: 'is many names of litter',
    archive: () => pluginZip(...numbered(10_000, (n) => ({ name: `__pycache__/${n}` }))),
    says: /has more than 10000 entries/,
  },
  {
    what: 'adds up',
    archive: () =>
      pluginZip(...numbered(3, (n) => ({ name: `${n}.bin`, method: 0, content: 'x'.repeat(500) }))),
    limits: { extractedBytesMax: 1024 },
    says: /unpacks to at least 1\d\d\d bytes; at most 1024/,
  },
  {
    what: 'unpacks one stream under a hundred names',
    archive: () =>
      pluginZip(
        ...numbered(100, (n) => ({ name: `${n}.py`, localName: 'manifest.py', localOffset: -1 })),
      ),
    says: /shares bytes of the archive with 'manifest\.py'/,
  },
  {
    what: 'holds one file amid the bytes of another',
    archive: () => zipOf([wrapping(), { name: 'inner.py', localOffset: 41 }, ...pluginParts]),
    says: /shares bytes of the archive with/,
  },
  {
    what: 'has a directory of attributes only',
    archive: () =>
      pluginZip(...numbered(400, (n) => ({ name: `${n}`, comment: zeros.subarray(0, 60_000) }))),
    says: /directory is larger than 20480000 bytes/,
  },
])

refused('a zip whose end record', [
  ended('is cut off', () => pluginZip().subarray(0, -30), /End of central directory/),
  ended('is missing', () => Buffer.from('PK'), /End of central directory/),
  ended('counts too few entries', () => zipOf(pluginParts, { count: 1 }), /ends \d+ bytes before/),
  ended(
    'counts too many entries',
    () => zipOf(pluginParts, { count: 9 }),
    /unexpected end of the archive/,
  ),
  ended(
    'points past the end',
    () => zipOf(pluginParts, { directoryOffset: 9e6 }),
    /unexpected end/,
  ),
  ended('is of another disk', () => zipOf(pluginParts, { disk: 3 }), /multi-disk/),
  ended('stands before other bytes', () => pad(pluginZip()), /Invalid comment length/),
  ended(
    'stands in a comment',
    () => zipOf(pluginParts, { comment: zipOf([]) }),
    /directory ends 295 bytes before its end record/,
  ),
  ended(
    'belongs to a second archive',
    () => joined(),
    /directory ends \d+ bytes before its end record; joined/,
  ),
  ended(
    'names a zip64 record past 2^53',
    () => zipOf(pluginParts, { zip64Offset: (1n << 64n) - 1n }),
    /unexpected end/,
  ),
  ended(
    'names a zip64 record that is none',
    () => zipOf(pluginParts, { zip64Offset: 0n }),
    /invalid zip64/,
  ),
  ended('counts 2^60 entries in zip64', () => counting(1n << 60n), /invalid central directory/),
])

refused('an archive that', [
  ended('is empty', () => Buffer.alloc(0), /neither a \.zip nor a \.tar\.gz: it is empty/),
  ended('is one byte', () => Buffer.from('P'), /neither a \.zip/),
  ended('is text', () => Buffer.from('<html>'), /neither .*: it starts with '<h'/),
  ended(
    'unpacks itself',
    () => Buffer.concat([Buffer.from('#!/bin/sh\n'), pluginZip()]),
    /starts with '#!'/,
  ),
  ended('is an empty zip', () => zipOf([]), /manifest\.py not found .*; the archive has: nothing/),
  ended(
    'lacks pipeline.py',
    () => zipOf(pluginParts.slice(0, 1)),
    /pipeline\.py not found at .* has: manifest\.py/,
  ),
  ended(
    'has manifest.py too deep',
    () => zipOf(below('a/b/')),
    /manifest\.py not found .* has: a\/b\/manifest\.py/,
  ),
  ended(
    'has two top folders',
    () => zipOf([...below('a/'), { name: 'b/x.py' }]),
    /manifest\.py not found/,
  ),
  ended(
    'has manifest.py as a folder',
    () => zipOf([{ name: 'manifest.py/x' }, ...pluginParts.slice(1)]),
    /manifest\.py not found .* has: manifest\.py\/x, pipeline\.py/,
  ),
  {
    what: 'is larger than the limit',
    archive: () => pluginZip(),
    limits: { archiveBytesMax: 100 },
    says: /has at least \d{3} bytes; at most 100 \(NACRE_PLUGIN_ARCHIVE_BYTES_MAX\)/,
  },
])

function named(what: string, name: string | Buffer, says: RegExp) {
  return { what, archive: () => pluginZip({ name, ...evil }), says }
}

function pair(what: string, first: string, second: string, says: RegExp) {
  return { what, archive: () => pluginZip({ name: first }, { name: second }), says }
}

function one(what: string, part: Omit<ZipPart, 'name'>, says: RegExp) {
  return { what, archive: () => pluginZip({ name: 'x.py', ...part }), says }
}

function ended(what: string, archive: () => Buffer, says: RegExp) {
  return { what, archive, says }
}

function numbered(count: number, part: (n: number) => ZipPart): ZipPart[] {
  return Array.from({ length: count }, (_, n) => part(n))
}

function below(folder: string): ZipPart[] {
  return pluginParts.map((part) => ({ ...part, name: `${folder}${String(part.name)}` }))
}

function unicodePath(name: string, other: string): Buffer {
  return extraField(0x7075, Buffer.concat([Buffer.from([1]), u32(crc32(name)), Buffer.from(other)]))
}

/** A stored file whose content is a whole local header with its data, at byte 41 of the archive. */
function wrapping(): ZipPart {
  const inner = zipOf([{ name: 'inner.py' }]).subarray(0, 30 + 8 + deflateRawSync('').length)
  return { name: 'wrapping.py', method: 0, content: inner }
}

function pad(zip: Buffer): Buffer {
  return Buffer.concat([zip, Buffer.from('more')])
}

function joined(): Buffer {
  return Buffer.concat([pluginZip(), pluginZip()])
}

function counting(count: bigint): Buffer {
  const directoryOffset = BigInt(zipOf(pluginParts).readUInt32LE(zipOf(pluginParts).length - 6))
  const at = BigInt(zipOf(pluginParts).length - 22)
  return zipOf(pluginParts, { between: zip64Record(count, directoryOffset), zip64Offset: at })
}
