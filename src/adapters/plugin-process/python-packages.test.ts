import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { defaultCacheFolder } from '../../../native/cache-folder.ts'
import {
  manifestOf,
  noPlugins,
  openTestPlugins,
  pipelineOf,
  textRows,
} from '../../../test/support/plugins.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import type { Logger } from '../../ports/logger.ts'

const grant = { NACRE_PLUGIN_INSTALL: 'grant' }
const dependency = 'peppercorn>=0.6'

describe('packages that plugins declare', { skip: await noPlugins() }, () => {
  let cacheFolder: string
  before(async () => {
    cacheFolder = await mkdtemp(join(tmpdir(), 'nacre-packages-'))
    await borrowBase(cacheFolder)
  })
  after(() => rm(cacheFolder, { recursive: true, force: true }))

  test('are not installed by themselves: check() names each, and what an operator can do', async () => {
    await using plugins = await openTestPlugins({}, { cacheFolder })
    const code = await plugins.install(
      pluginThatNeeds(dependency, 'not-a-package-of-anyone>=1', 'pandas>=2'),
    )

    const { errors } = await plugins.host.check(code)

    assert.equal(errors.filter((error) => error.startsWith('dependency ')).length, 2)
    assert.match(
      errors.join('\n'),
      /dependency peppercorn>=0.6 \(not installed\); the operator can set NACRE_PLUGIN_INSTALL=grant, or install by hand: .* -m pip install/,
    )
    assert.deepEqual(await installed(cacheFolder), [])
  })

  test('are installed where that is granted, once for all plugins and servers', async (context) => {
    const told: string[] = []
    const log = listening(told)
    await using one = await openTestPlugins(grant, { cacheFolder, log })
    await using other = await openTestPlugins(grant, { cacheFolder, log })
    const files = pluginThatNeeds(dependency)
    const codes = [await one.install(files), await other.install(files)]

    const checks = await Promise.all([
      one.host.check(codes[0] ?? assert.fail()),
      other.host.check(codes[1] ?? assert.fail()),
    ])
    if (checks.every(({ errors }) => errors.join().includes('No matching distribution')))
      return context.skip('this machine reaches no index of Python packages')

    assert.deepEqual(
      checks.map(({ errors }) => errors),
      [[], []],
    )
    assert.equal((await installed(cacheFolder)).length, 1)
    assert.equal(told.filter((line) => line === 'installing Python packages for plugins').length, 1)
    const request = {
      parameters: {},
      collectionId: 'col_1',
      inputMappings: {},
      rows: textRows('a'),
    }
    const [row] = await one.host.run(codes[0] ?? assert.fail(), request)
    assert.ok(row && 'documents' in row, JSON.stringify(row))
  })

  test('that cannot be had fail the plugin that wants them, with the words of pip, and leave nothing', async () => {
    await using plugins = await openTestPlugins(grant, { cacheFolder })
    const before = await readdir(join(cacheFolder, 'python'))
    const code = await plugins.install(pluginThatNeeds('peppercorn==0.0.0.1'))

    const { errors } = await plugins.host.check(code)

    assert.match(errors.join(), /pip could not install peppercorn==0\.0\.0\.1: ERROR: .*By hand: /)
    const left = (await readdir(join(cacheFolder, 'python'))).filter(
      (name) => !before.includes(name),
    )
    assert.deepEqual(
      left.filter((name) => !name.endsWith('.lock')),
      [],
    )
  })

  test('are names with versions: options, addresses and paths never reach pip', async () => {
    await using plugins = await openTestPlugins(grant, { cacheFolder })
    for (const hostile of [
      '--index-url=http://192.0.2.1/',
      'x @ http://192.0.2.1/x.whl',
      '/etc/passwd',
      '-r/etc/passwd',
      'git+ssh://x',
    ]) {
      const code = await plugins.install(pluginThatNeeds(hostile))

      const { errors } = await plugins.host.check(code)

      assert.match(errors.join(), /cannot be installed: a dependency is a package's name/, hostile)
    }
  })
})

function pluginThatNeeds(...dependencies: string[]) {
  return {
    'manifest.py': manifestOf('needy', `dependencies = ${JSON.stringify(dependencies)}`),
    'pipeline.py': pipelineOf('import peppercorn\nbatch["v"] = [[1.0] * 4 for _ in batch["data"]]'),
  }
}

/** The user's own base environment, so that it is not made again. */
async function borrowBase(cacheFolder: string): Promise<void> {
  const own = join(defaultCacheFolder(), 'python')
  await mkdir(join(cacheFolder, 'python'))
  for (const name of await readdir(own).catch(() => []))
    if (!name.endsWith('.lock')) await symlink(join(own, name), join(cacheFolder, 'python', name))
}

/** Folders that were made here. */
async function installed(cacheFolder: string): Promise<string[]> {
  const entries = await readdir(join(cacheFolder, 'python'), { withFileTypes: true })
  return entries
    .filter((one) => one.isDirectory() && !one.name.endsWith('.lock'))
    .map(({ name }) => name)
}

function listening(told: string[]): Logger {
  const log: Logger = {
    ...silentLogger,
    info: (_fields, message) => void told.push(message),
    child: () => log,
  }
  return log
}
