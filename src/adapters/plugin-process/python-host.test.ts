import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { noPlugins } from '../../../test/support/plugins.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { lookAtMachine } from './describe-host.ts'
import { pythonFolder } from './find-python.ts'
import { PythonPackages } from './python-packages.ts'

const slow = 'test_hostile_manifests.py'

describe('the Python side of the host keeps its own tests', { skip: await noPlugins() }, () => {
  test('of hostile manifests', { timeout: 300_000 }, async () => {
    await run([slow])
  })

  test('of everything else', { timeout: 300_000 }, async () => {
    const files = await readdir(join(pythonFolder, 'tests'))
    await run(files.filter((file) => /^test_.*\.py$/.test(file) && file !== slow))
  })
})

/** In the Python that plugins get, with the packages that they get. */
async function run(files: readonly string[]): Promise<void> {
  const { launcher, python } = await lookAtMachine(readConfig({}))
  assert.ok(launcher && python)
  const packages = new PythonPackages(
    { launcher, python },
    { config: readConfig({}), log: silentLogger },
  )
  const modules = files.map((file) => `tests.${file.replace(/\.py$/, '')}`)
  const env = {
    PATH: process.env.PATH,
    PYTHONPATH: [pythonFolder, ...(await packages.base())].join(':'),
  }
  const told = await new Promise<string>((resolve, reject) => {
    execFile(
      python.path,
      ['-B', '-m', 'unittest', ...modules],
      { env, cwd: pythonFolder },
      (error, _, stderr) => (error ? reject(new Error(stderr.slice(-5_000))) : resolve(stderr)),
    )
  })
  assert.match(told, /Ran [1-9]\d* tests? in [\s\S]*\nOK\b/)
}
