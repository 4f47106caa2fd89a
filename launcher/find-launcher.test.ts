import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { prebuiltFile, readManifest, sha256, sourceHash } from '../native/native-crate.ts'
import { runsHere } from '../native/platform.ts'
import { findLauncher, LauncherUnavailable } from './find-launcher.ts'
import { launcherCrate } from './launcher-crate.ts'

const manifest = readManifest(launcherCrate)
const notHere = {
  skip: runsHere(manifest?.platform ?? '') ? false : 'no prebuilt launcher for this platform',
}

test('the committed launcher was built from the committed sources', () => {
  const hint = 'run: npm run launcher:build -- --prebuilt'
  assert.equal(manifest?.sources, sourceHash(launcherCrate), hint)
})

test('the committed launcher is the one of its manifest, and needs no C library', async () => {
  const binary = brotliDecompressSync(await readFile(prebuiltFile(launcherCrate)))
  assert.equal(sha256(binary), manifest?.sha256)
  assert.equal(binary.length, manifest?.bytes)
  assert.equal(manifest?.glibc, null)
})

test('it is unpacked, run, and tells its tier with the reasons', notHere, async () => {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'nacre-launcher-'))
  const { path, tier, reasons } = await findLauncher({ cacheFolder })
  assert.equal(sha256(await readFile(path)), manifest?.sha256)
  assert.ok(path.startsWith(cacheFolder))
  assert.equal(tier === 'kernel', reasons.length === 0)
  await rm(cacheFolder, { recursive: true })
})

test('where it cannot be unpacked, the message gives two lines to copy', notHere, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-launcher-'))
  await writeFile(join(folder, 'file'), '')
  await assert.rejects(findLauncher({ cacheFolder: join(folder, 'file') }), (error) => {
    assert.ok(error instanceof LauncherUnavailable)
    assert.match(error.message, /cannot be unpacked into/)
    assert.match(error.message, /npm run launcher:build/)
    assert.match(error.message, /Rust >= 1\.87/)
    assert.match(error.message, /npm start$/)
    return true
  })
  await rm(folder, { recursive: true })
})

test('the list of linked crates names each with version and licence', async () => {
  const crates: { name: string; version: string; license: string }[] = JSON.parse(
    await readFile(join(launcherCrate.folder, 'crates.json'), 'utf8'),
  )
  const lock = await readFile(join(launcherCrate.folder, 'Cargo.lock'), 'utf8')
  assert.ok(crates.some(({ name }) => name === 'landlock'))
  for (const { name, version, license } of crates) {
    assert.ok(lock.includes(`name = "${name}"\nversion = "${version}"`), `${name} ${version}`)
    assert.match(license, /\S/)
  }
})
