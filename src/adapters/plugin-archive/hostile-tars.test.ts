import { gzipSync } from 'node:zlib'
import { refused } from './unpacking.fixture.ts'
import { pax, pluginTarGz, pluginTarParts, tarOf, type TarPart } from './tar-writer.fixture.ts'

const evil = { content: 'evil' }
const file: TarPart = { name: 'x.py', ...evil }
const link: TarPart = { name: 'x', type: '2', link: '/etc' }
const files = (...more: TarPart[]) => tarOf([...pluginTarParts, ...more])

refused('a tar.gz with a path that', [
  named("leads out with '..'", '../evil.py', /'\.\.\/evil\.py' leads out of the archive/),
  named('is absolute', '/etc/evil.py', /'\/etc\/evil\.py' is an absolute path/),
  named('leads out with backslashes', '..\\evil.py', /leads out of the archive/),
  named('differs in case from another', 'MANIFEST.py', /differs from 'manifest\.py' only in case/),
  named('is there twice', './manifest.py', /'\.\/manifest\.py' is in the archive twice/),
  named('is below a file', 'manifest.py/x.py', /is both a file and a folder/),
  several('leads out in its attributes', [pax({ path: '../evil.py' }), file], /leads out/),
  several('leads out in its GNU name', [gnuName('../evil.py'), file], /leads out/),
  several('holds a NUL in its attributes', [pax({ path: 'a\0b' }), file], /cannot be shown/),
  several('leads out below litter', [{ name: '.git/../../x' }], /leads out/),
])

refused('a tar.gz with an entry that', [
  kind('is a symbolic link', '2', /'x' is a symbolic link; put the file itself/),
  kind('is a hard link', '1', /'x' is a hard link; put the file itself/),
  kind('is a character device', '3', /'x' is a character device/),
  kind('is a block device', '4', /'x' is a block device/),
  kind('is a named pipe', '6', /'x' is a named pipe/),
  kind('is a sparse file', 'S', /'x' is a sparse file/),
  kind('is a part of another volume', 'M', /'x' is of the unknown kind 'M'/),
  several('is sparse by its attributes', [pax({ 'GNU.sparse.major': '1' }), file], /sparse file/),
  several('is a link with a long name', [{ name: 'l', type: 'K', content: '/etc' }, link], /link/),
  several('is below a link', [link, { name: 'x/evil.py' }], /'x' is a symbolic link/),
  several('is a link in litter', [{ ...link, name: '__pycache__/x' }], /is a symbolic link/),
  several('is a folder with content', [{ name: 'd/', type: '5', ...evil }], /folder with content/),
  several('has a size of 2^90', [{ name: 'x', size: base256(0x80) }], /number out of range/),
  several('has a negative size', [{ name: 'x', size: base256(0xff) }], /number out of range/),
  several('has a size that is none', [{ name: 'x', size: Buffer.from('-1') }], /wrong number/),
  several('is longer than the archive', [{ name: 'x', size: 1 << 20 }], /was cut off/),
  several('is longer in its attributes', [pax({ size: '99999' }), file], /was cut off/),
  several('has an attribute as its size', [pax({ size: '-5' }), file], /the size '-5'/),
  several(
    'would be larger than all may',
    [{ name: 'x', size: 2 ** 32 }],
    /at least 4294967\d+ bytes/,
  ),
])

refused('a tar.gz with headers that', [
  several('have a wrong checksum', [{ name: 'x', checksum: 7 }], /wrong checksum/),
  several(
    'are of an old form',
    [{ name: 'x', magic: '\0\0\0\0\0\0\0\0' }],
    /not of the ustar form/,
  ),
  several('set a path for all', [pax({ path: 'x' }, 'g'), file], /sets 'path' for all entries/),
  several('set a size for all', [pax({ size: '1' }, 'g'), file], /sets 'size' for all entries/),
  several(
    'are larger than any name',
    [{ name: 'p', type: 'x', content: 'x'.repeat(70_000) }],
    /attributes of 70000 bytes/,
  ),
  several(
    'are longer than they are',
    [{ name: 'p', type: 'x', content: '99 path=x\n' }],
    /cannot be read \(pax\)/,
  ),
  several('have a negative length', [{ name: 'p', type: 'x', content: '-5 path=x\n' }], /\(pax\)/),
  several('have no key', [{ name: 'p', type: 'x', content: '5 =x\n' }], /\(pax\)/),
])

refused('a tar.gz bomb that', [
  several(
    'is one file of zeros',
    [{ name: 'x', content: Buffer.alloc(64 << 20) }],
    /at most 250 times as many/,
  ),
  several(
    'is many small files',
    numbered(1000, (n) => ({ name: `${n}.py` })),
    /at least 1001 files; at most 1000/,
  ),
  several(
    'is many folders',
    numbered(10_000, (n) => ({ name: `${n}/`, type: '5' })),
    /at least 10001 entries/,
  ),
  several(
    'is attributes only',
    numbered(5, () => pax({ comment: 'x' })),
    /more than 4 headers/,
  ),
  stream(
    'is zeros without end',
    () => files(),
    Buffer.alloc(64 << 20),
    /headers included; at most/,
  ),
])

refused('a tar.gz stream that', [
  bytes(
    'is cut off',
    () => pluginTarGz().subarray(0, -20),
    /cannot be read: unexpected end of file/,
  ),
  bytes(
    'has a wrong checksum',
    () => flipped(pluginTarGz(), -8),
    /cannot be read: incorrect data check/,
  ),
  bytes(
    'has a wrong length',
    () => flipped(pluginTarGz(), -1),
    /cannot be read: incorrect length check/,
  ),
  bytes('is a gzip of nothing', () => gzipSync(''), /was cut off: a tar ends with/),
  bytes('is a gzip of text', () => gzipSync('hello'), /wrong checksum|cut off/),
  bytes('holds a zip', () => gzipSync(Buffer.from('PK'.repeat(600))), /wrong (checksum|number)/),
  bytes(
    'has no end',
    () => gzipSync(tarOf(pluginTarParts, Buffer.alloc(0))),
    /was cut off: a tar ends/,
  ),
  bytes(
    'holds a second archive',
    () => gzipSync(Buffer.concat([files(), files()])),
    /goes on after its end; joined/,
  ),
  bytes(
    'is two of them',
    () => Buffer.concat([pluginTarGz(), pluginTarGz()]),
    /goes on after its end; joined/,
  ),
  bytes(
    'goes on after its end',
    () => Buffer.concat([pluginTarGz(), Buffer.from('more')]),
    /goes on for 4 bytes|cannot be read/,
  ),
  bytes('is not compressed', () => files(), /neither a \.zip nor a \.tar\.gz: it starts with 'ma'/),
  bytes('is compressed in another way', () => Buffer.from('BZh91AY'), /it starts with 'BZ'/),
])

function named(what: string, name: string, says: RegExp) {
  return several(what, [{ name, ...evil }], says)
}

function kind(what: string, type: string, says: RegExp) {
  return several(what, [{ name: 'x', type, link: 'manifest.py' }], says)
}

function several(what: string, parts: readonly TarPart[], says: RegExp) {
  return { what, archive: () => pluginTarGz(...parts), says }
}

function bytes(what: string, archive: () => Buffer, says: RegExp) {
  return { what, archive, says }
}

function stream(what: string, start: () => Buffer, end: Buffer, says: RegExp) {
  return { what, archive: () => gzipSync(Buffer.concat([start(), end])), says }
}

function numbered(count: number, part: (n: number) => TarPart): TarPart[] {
  return Array.from({ length: count }, (_, n) => part(n))
}

function gnuName(name: string): TarPart {
  return { name: '././@LongLink', type: 'L', content: `${name}\0` }
}

function base256(first: number): Buffer {
  return Buffer.from([first, ...Array.from({ length: 11 }, () => 0xff)])
}

function flipped(archive: Buffer, at: number): Buffer {
  const index = archive.length + at
  archive[index] = (archive[index] ?? 0) ^ 1
  return archive
}
