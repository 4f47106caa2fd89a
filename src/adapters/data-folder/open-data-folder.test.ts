import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DataFolderError } from './data-folder-error.ts'
import { openDataFolder } from './open-data-folder.ts'

const parents: string[] = []
after(async () => {
  for (const parent of parents) await rm(parent, { recursive: true, force: true })
})

describe('openDataFolder()', () => {
  test('a new folder is made for its owner only, and says what wrote it', async () => {
    const path = join(await temporaryFolder(), 'deep', 'data')

    await using folder = await openDataFolder(path, { format: 1, postgresMajor: 18, edge: '0.9.0' })

    assert.equal((await stat(path)).mode & 0o777, 0o700)
    assert.deepEqual(await formatOf(path), {
      product: 'nacre',
      format: 1,
      postgresMajor: 18,
      edge: '0.9.0',
    })
    assert.equal(folder.path, path)
  })

  test('a folder opens again after it is closed, and keeps what it knew of engines that are not in use', async () => {
    const path = await temporaryFolder()
    await (
      await openDataFolder(path, { format: 1, postgresMajor: 18, edge: '0.9.0' })
    )[Symbol.asyncDispose]()

    await using folder = await openDataFolder(path, { format: 2 })

    assert.deepEqual(folder.format, {
      product: 'nacre',
      format: 2,
      postgresMajor: 18,
      edge: '0.9.0',
    })
    assert.deepEqual(await formatOf(path), folder.format)
  })

  test('a second one in the same process is refused until the first is closed', async () => {
    const path = await temporaryFolder()
    const first = await openDataFolder(path, { format: 1 })

    await assert.rejects(
      openDataFolder(path, { format: 1 }),
      refused('locked', /in use by another Nacre/),
    )

    await first[Symbol.asyncDispose]()
    await (await openDataFolder(path, { format: 1 }))[Symbol.asyncDispose]()
  })

  test('a second process is refused with the id of the first; after SIGKILL the folder is free', async () => {
    const path = await temporaryFolder()
    const script = fileURLToPath(new URL('hold-folder.fixture.ts', import.meta.url))
    const holder = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')

    await assert.rejects(
      openDataFolder(path, { format: 1 }),
      refused('locked', new RegExp(`process ${holder.pid} on .*started 20.*Stop that one`)),
    )

    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await (await openDataFolder(path, { format: 1 }))[Symbol.asyncDispose]()
  })

  test('a holder file that names a living stranger (its id was given out again) refuses nobody', async () => {
    const path = await temporaryFolder()
    await (await openDataFolder(path, { format: 1 }))[Symbol.asyncDispose]()
    const stranger = {
      pid: process.ppid,
      host: 'another-host',
      startedAt: '2020-01-01T00:00:00.000Z',
    }
    await writeFile(join(path, 'lock.json'), JSON.stringify(stranger))

    await (await openDataFolder(path, { format: 1 }))[Symbol.asyncDispose]()
  })

  const formats: [string, object | string, 'newer' | 'unknown', RegExp][] = [
    [
      'a later data format',
      { product: 'nacre', format: 2 },
      'newer',
      /data format 2; this one knows data format 1/,
    ],
    [
      'a later PostgreSQL',
      { product: 'nacre', format: 1, postgresMajor: 19 },
      'newer',
      /PostgreSQL 19/,
    ],
    [
      'an earlier PostgreSQL',
      { product: 'nacre', format: 1, postgresMajor: 17 },
      'unknown',
      /dump it there/,
    ],
    [
      'a later Qdrant Edge',
      { product: 'nacre', format: 1, edge: '0.10.0' },
      'newer',
      /Qdrant Edge 0.10.0/,
    ],
    ['another product', { product: 'other', format: 1 }, 'unknown', /not understood/],
    ['no JSON', 'FORMAT?', 'unknown', /not understood/],
  ]
  for (const [name, format, code, message] of formats) {
    test(`a folder of ${name} is refused, and left as it is`, async () => {
      const path = await temporaryFolder()
      const text = typeof format === 'string' ? format : JSON.stringify(format)
      await writeFile(join(path, 'FORMAT'), text)

      await assert.rejects(
        openDataFolder(path, { format: 1, postgresMajor: 18, edge: '0.9.0' }),
        refused(code, message),
      )

      assert.equal(await readFile(join(path, 'FORMAT'), 'utf8'), text)
      assert.deepEqual(await readdir(path), ['FORMAT'])
    })
  }

  test('a folder with files of somebody else is refused, and left as it is', async () => {
    const path = await temporaryFolder()
    await mkdir(join(path, 'photos'))

    await assert.rejects(
      openDataFolder(path, { format: 1 }),
      refused('unknown', /holds files \(photos\)/),
    )

    assert.deepEqual(await readdir(path), ['photos'])
  })

  test('a start that was killed before it wrote FORMAT is no hindrance', async () => {
    const path = await temporaryFolder()
    await writeFile(join(path, 'lock'), '')
    await writeFile(join(path, 'FORMAT.new'), '{"prod')

    await using folder = await openDataFolder(path, { format: 1 })

    assert.equal(folder.format.format, 1)
  })
})

function refused(code: string, message: RegExp) {
  return (error: unknown) =>
    error instanceof DataFolderError && error.code === code && message.test(error.message)
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-folder-'))
  parents.push(folder)
  return folder
}

async function formatOf(path: string): Promise<unknown> {
  return JSON.parse(await readFile(join(path, 'FORMAT'), 'utf8'))
}
