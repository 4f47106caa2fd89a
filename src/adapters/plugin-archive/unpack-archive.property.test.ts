import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { pluginTarGz, pluginTarParts, tarOf } from './tar-writer.fixture.ts'
import { unpack } from './unpacking.fixture.ts'
import { pluginZip } from './zip-writer.fixture.ts'
import { gzipSync } from 'node:zlib'

const small = { extractedBytesMax: 1 << 20, archiveBytesMax: 1 << 20 }
const zip = pluginZip({ name: 'models/a.bin', content: 'weights', method: 0 }, { name: 'd/' })
const tarGz = pluginTarGz({ name: 'models/a.bin', content: 'weights' })
const tar = tarOf([...pluginTarParts, { name: 'models/a.bin', content: 'weights' }])

const damage = fc.array(
  fc.record({
    at: fc.nat(100_000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    does: fc.constantFrom('replaces', 'inserts', 'deletes'),
  }),
  { minLength: 1, maxLength: 6 },
)
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never

// Damage below gzip would only ever be a wrong checksum: the tar is spoiled before it is compressed as well.
const kinds: [string, Buffer, (spoiled: Buffer) => Buffer][] = [
  ['zip', zip, (spoiled) => spoiled],
  ['tar.gz', tarGz, (spoiled) => spoiled],
  ['tar in a tar.gz', tar, (spoiled) => gzipSync(spoiled)],
]

for (const [what, archive, packed] of kinds) {
  test(`a ${what} spoiled at random is taken whole or refused with words, and never leaves its folder`, async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (damages) => {
        await using unpacked = await unpack(packed(spoil(archive, damages)), small)

        const { result, folder, left } = unpacked
        if (result.errors.length > 0) {
          assert.deepEqual(left, [])
          return
        }
        assert.ok(left.every((name) => name === 'plugin' || name.startsWith('plugin/')))
        const inside = await readdir(folder, { recursive: true, withFileTypes: true })
        assert.equal(inside.filter((e) => e.isFile()).length, result.files.length)
        assert.ok(inside.every((e) => e.isFile() || e.isDirectory()))
      }),
      { numRuns: 150 },
    )
  })
}

function spoil(archive: Buffer, damages: Damage): Buffer {
  return damages.reduce((bytes, { at, bytes: by, does }) => {
    const start = at % (bytes.length + 1)
    const end = does === 'inserts' ? start : start + by.length
    const put = does === 'deletes' ? Buffer.alloc(0) : by
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(end)])
  }, archive)
}
