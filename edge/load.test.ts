import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { prebuiltFile, readManifest, sha256, sourceHash } from '../native/native-crate.ts'
import { currentPlatform } from '../native/platform.ts'
import { edgeCrate } from './edge-crate.ts'
import { EdgeUnavailable, loadEdge } from './load.ts'
import { scratchFolder } from './scratch-shard.ts'

const manifest = readManifest(edgeCrate)
const isOurPlatform = manifest?.platform === currentPlatform()
const notHere = { skip: isOurPlatform ? false : 'no prebuilt binary for this platform' }

test('the committed binary was built from the committed sources', () => {
  assert.equal(manifest?.sources, sourceHash(edgeCrate), 'run: npm run edge:build -- --prebuilt')
})

test('the committed binary is the one of its manifest', () => {
  const binary = brotliDecompressSync(readFileSync(prebuiltFile(edgeCrate)))
  assert.equal(sha256(binary), manifest?.sha256)
  assert.equal(binary.length, manifest?.bytes)
})

test('the committed binary is of the engine that the manifest names', notHere, () => {
  assert.equal(loadEdge().versions().edge, manifest?.version)
})

/** Loads the addon in a process of its own, which exits 0 where that worked. */
async function loadElsewhere(cacheFolder: string): Promise<unknown> {
  const url = JSON.stringify(new URL('load.ts', import.meta.url).href)
  const program = `const { loadEdge } = await import(${url})
    loadEdge({ cacheFolder: ${JSON.stringify(cacheFolder)} }).versions()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: 'inherit',
  })
  const [status] = await once(child, 'exit')
  return status
}

test(
  'several processes may unpack it at once, and a damaged copy is replaced',
  notHere,
  async () => {
    await using folder = await scratchFolder()
    const cache = join(folder.path, 'new', 'cache')
    const together = await Promise.all([1, 2, 3].map(() => loadElsewhere(cache)))
    assert.deepEqual(together, [0, 0, 0])
    const [file = '', ...others] = readdirSync(cache)
    assert.deepEqual(others, [])
    writeFileSync(join(cache, file), 'not a binary')
    assert.equal(await loadElsewhere(cache), 0)
    assert.equal(sha256(readFileSync(join(cache, file))), manifest?.sha256)
  },
)

test('where nothing fits, the message gives two lines to copy', () => {
  const { message } = new EdgeUnavailable('there is no prebuilt binary for plan9-mips')
  assert.match(message, /plan9-mips/)
  assert.match(message, /npm run edge:build/)
  assert.match(message, /Rust >= 1\.97/)
  assert.match(message, /QDRANT_URL=http/)
})

test('the list of linked crates names each with version and licence', () => {
  const file = join(import.meta.dirname, 'crates.json')
  assert.ok(existsSync(file))
  const crates: unknown = JSON.parse(readFileSync(file, 'utf8'))
  assert.ok(Array.isArray(crates) && crates.length > 100)
  const lock = readFileSync(join(import.meta.dirname, 'Cargo.lock'), 'utf8')
  for (const { name, version, license } of crates) {
    assert.ok(lock.includes(`name = "${name}"\nversion = "${version}"`), `${name} ${version}`)
    assert.match(license, /\S/)
  }
})
