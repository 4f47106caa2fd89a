import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { pax, pluginTarGz, pluginTarParts, tarOf } from './tar-writer.fixture.ts'
import { unpackArchive } from './unpack-archive.ts'
import { standardLimits, unpack } from './unpacking.fixture.ts'
import { pluginParts, pluginZip, zipOf, type ZipPart } from './zip-writer.fixture.ts'

const two = ['manifest.py', 'pipeline.py']
const inFolder = (folder: string, parts: readonly ZipPart[] = pluginParts) =>
  parts.map((part) => ({ ...part, name: folder + String(part.name) }))

describe('unpackArchive() takes', () => {
  const archives: [string, () => Buffer | Promise<Buffer>, string[]][] = [
    ['a zip with the plugin at its root', () => pluginZip(), two],
    ['a zip with the plugin in one folder', () => zipOf(inFolder('my-plugin/')), two],
    ['a zip with backslashes', () => zipOf(inFolder('plugin\\')), two],
    ['a zip with ./ before each name', () => zipOf(inFolder('./')), two],
    [
      'a zip with folders of their own',
      () => pluginZip({ name: 'models/', method: 0, mode: 0o40755 }),
      two,
    ],
    [
      'a zip with stored files',
      () => pluginZip({ name: 'a.bin', method: 0, content: 'x' }),
      ['a.bin', ...two],
    ],
    [
      'a zip with an archive in it, packed as it is',
      () => pluginZip({ name: 'a.zip', content: pluginZip() }),
      ['a.zip', ...two],
    ],
    [
      'a zip with names in other scripts',
      () => pluginZip({ name: 'données/模型.bin' }),
      ['données/模型.bin', ...two].toSorted(),
    ],
    [
      'a zip with a comment',
      () => zipOf(pluginParts, { comment: Buffer.from('made by hand') }),
      two,
    ],
    ['a tar.gz with the plugin at its root', () => pluginTarGz(), two],
    [
      'a tar.gz that another library wrote',
      writtenElsewhere,
      ['manifest.py', 'pipeline.py', `${'p'.repeat(90)}/${'q'.repeat(90)}.py`],
    ],
    [
      'a tar.gz with a name in attributes',
      () => pluginTarGz(pax({ path: 'größe.py' }), { name: 'x' }),
      ['größe.py', ...two],
    ],
    [
      'a tar.gz that git made',
      () => gzipSync(tarOf([pax({ comment: 'c0ffee' }, 'g'), ...pluginTarParts])),
      two,
    ],
    ['a tar.gz in ten records', () => gzipSync(tarOf(pluginTarParts, Buffer.alloc(10_240))), two],
  ]
  for (const [what, archive, files] of archives) {
    test(`${what}`, async () => {
      await using unpacked = await unpack(await archive())

      assert.deepEqual(unpacked.result.errors, [])
      assert.deepEqual(
        unpacked.result.files.map(({ path }) => path),
        files,
      )
      const manifest = await readFile(join(unpacked.folder, 'manifest.py'), 'utf8')
      assert.equal(manifest, 'feature_extractor_name = "probe"\n')
    })
  }

  test('a root that has manifest.py before a folder that has one too', async () => {
    await using unpacked = await unpack(pluginZip(...inFolder('older/')))

    assert.deepEqual(unpacked.result.errors, [])
    assert.equal(unpacked.result.files.length, 4)
  })

  test('the one top folder only, and says what it leaves', async () => {
    await using unpacked = await unpack(zipOf([...inFolder('plugin/'), { name: 'NOTES.txt' }]))

    assert.deepEqual(
      unpacked.result.files.map(({ path }) => path),
      two,
    )
    assert.deepEqual(unpacked.result.warnings, ["'NOTES.txt' is outside of 'plugin' and ignored"])
    assert.deepEqual((await readdir(unpacked.folder)).toSorted(), two)
  })

  test('no litter, wherever it is, and does not count it among the top folders', async () => {
    const names = [
      '__MACOSX/._x',
      '.DS_Store',
      'p/__pycache__/core.pyc',
      'p/__PYCACHE__/a',
      '.git/config',
      'p/._core.py',
    ]
    const litter = names.map((name) => ({ name, content: 'litter' }))

    await using unpacked = await unpack(zipOf([...inFolder('p/'), ...litter]))

    assert.deepEqual(unpacked.result.errors, [])
    assert.deepEqual((await readdir(unpacked.folder, { recursive: true })).toSorted(), two)
  })

  test('no modes: files can be read and written by their owner and no more', async () => {
    await using unpacked = await unpack(pluginZip({ name: 'run.sh', mode: 0o106777 }))

    const { mode } = await stat(join(unpacked.folder, 'run.sh'))
    assert.equal(mode & 0o7777, 0o600)
    assert.equal((await stat(unpacked.folder)).mode & 0o7777, 0o700)
  })
})

describe('the codeHash of an archive', () => {
  const hashOf = async (archive: Buffer) => {
    await using unpacked = await unpack(archive)
    return unpacked.result.codeHash
  }

  test('is one for one code, however it is packed', async () => {
    const hashes = [
      await hashOf(pluginZip()),
      await hashOf(zipOf(pluginParts.toReversed())),
      await hashOf(zipOf(inFolder('any/'))),
      await hashOf(zipOf(pluginParts.map((part) => ({ ...part, method: 0, mode: 0o100755 })))),
      await hashOf(pluginTarGz()),
    ]

    assert.match(String(hashes[0]), /^[0-9a-f]{64}$/)
    assert.equal(new Set(hashes).size, 1)
  })

  test('changes with each content, name and place', async () => {
    const hashes = [
      await hashOf(pluginZip()),
      await hashOf(pluginZip({ name: 'x.py' })),
      await hashOf(pluginZip({ name: 'y.py' })),
      await hashOf(pluginZip({ name: 'a/x.py' })),
      await hashOf(pluginZip({ name: 'x.py', content: ' ' })),
    ]

    assert.equal(new Set(hashes).size, 5)
  })
})

describe('unpackArchive()', () => {
  test('names what is wrong with several entries at once, twenty at most', async () => {
    const wrong = Array.from({ length: 30 }, (_, n) => ({ name: `../${n}.py` }))

    await using unpacked = await unpack(pluginZip(...wrong))

    assert.equal(unpacked.result.errors.length, 20)
    assert.equal(unpacked.result.errors[3], "'../3.py' leads out of the archive with '..'")
  })

  test('takes a path, bytes or a stream alike', async () => {
    await using place = await temporary()
    const archive = pluginZip()
    const path = join(place.folder, 'a.zip')
    await writeFile(path, archive)

    const answers = [
      await unpackArchive(path, join(place.folder, '1'), standardLimits),
      await unpackArchive(archive, join(place.folder, '2'), standardLimits),
      await unpackArchive(inPieces(archive), join(place.folder, '3'), standardLimits),
    ]

    assert.deepEqual(answers[1], answers[0])
    assert.deepEqual(answers[2], answers[0])
    assert.deepEqual((await readdir(place.folder)).toSorted(), ['1', '2', '3', 'a.zip'])
  })

  test('stops reading a stream that is larger than an archive may be', async () => {
    await using place = await temporary()
    const stream = endless()

    const { errors } = await unpackArchive(stream, join(place.folder, 'p'), {
      ...standardLimits,
      archiveBytesMax: 10_000,
    })

    assert.match(errors.join(), /at least 10240 bytes; at most 10000/)
    assert.deepEqual(await readdir(place.folder), [])
  })

  test('ends with the reason of its signal, and leaves nothing', async () => {
    await using place = await temporary()
    const abort = new AbortController()
    const folder = join(place.folder, 'p')

    const unpacking = unpackArchive(slow(pluginZip(), abort), folder, standardLimits, abort.signal)

    await assert.rejects(unpacking, /enough/)
    assert.deepEqual(await readdir(place.folder), [])
  })

  test('never replaces a folder that has something in it', async () => {
    await using place = await temporary()
    await writeFile(join(place.folder, 'mine'), 'mine')

    const unpacking = unpackArchive(pluginZip(), place.folder, standardLimits)

    await assert.rejects(unpacking, { code: 'ENOTEMPTY' })
    assert.deepEqual(await readdir(place.folder), ['mine'])
  })

  test('lets an error of the stream it reads through', async () => {
    await using place = await temporary()

    const unpacking = unpackArchive(failing(), join(place.folder, 'p'), standardLimits)

    await assert.rejects(unpacking, /the disk is gone/)
  })

  test('holds 100 MB of a file without holding it in memory', async () => {
    const content = Buffer.alloc(
      100 << 20,
      Buffer.from('a line of a table of weights, more or less 7\n'),
    )
    const archive = pluginZip({ name: 'w.bin', content, method: 0 })
    const before = process.memoryUsage().rss

    await using unpacked = await unpack(archive)

    assert.deepEqual(unpacked.result.errors, [])
    assert.ok(process.memoryUsage().rss - before < 64 << 20)
  })
})

async function temporary(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-archive-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

async function* inPieces(archive: Buffer) {
  for (let at = 0; at < archive.length; at += 7) yield archive.subarray(at, at + 7)
}

async function* endless() {
  for (;;) yield Buffer.alloc(1024)
}

async function* slow(archive: Buffer, abort: AbortController) {
  yield archive.subarray(0, 10)
  abort.abort(new Error('enough'))
  yield archive.subarray(10)
}

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('PK')
  throw new Error('the disk is gone')
}

async function writtenElsewhere(): Promise<Buffer> {
  const tar = pack()
  for (const { name, content } of pluginTarParts) tar.entry({ name }, content ?? '')
  tar.entry({ name: `${'p'.repeat(90)}/${'q'.repeat(90)}.py` }, 'x')
  tar.finalize()
  return gzipSync(await buffer(tar))
}
