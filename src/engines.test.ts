import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { silentLogger } from '../test/support/silent-logger.ts'
import { readEnginePlaces, writeEnginePlaces } from './adapters/data-folder/engine-places.ts'
import { DataFolderError } from './adapters/data-folder/data-folder-error.ts'
import { readConfig, type Config } from './config.ts'
import { openEngines, type Engines, type Role } from './engines.ts'

let parent: string
before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'nacre-engines-'))
})
after(async () => {
  await rm(parent, { recursive: true, force: true, maxRetries: 20 })
})

describe('the embedded engines of one data folder', () => {
  test('are used by others as soon as their owner lets them in, and known as shared from then on', async () => {
    const config = await settings()
    await using owner = await open(config, 'server')
    const waiting = open(config, 'worker')
    assert.deepEqual([owner.isAlone, owner.isShared()], [true, false])

    await owner.admitOthers()
    await using guest = await waiting
    await using second = await open(config, 'server')

    assert.deepEqual([owner.isShared(), guest.isShared(), second.isShared()], [true, true, true])
    assert.deepEqual([guest.isAlone, second.isAlone], [false, false])
    await guest.vectors.createCollection('films', { vectors: {}, sparse_vectors: {} })
    assert.deepEqual(await owner.vectors.listCollections(), ['films'])
    assert.deepEqual(await second.vectors.listCollections(), ['films'])
    assert.equal(second.databaseUrl, owner.databaseUrl)
    assert.equal((await stat(join(owner.folder, 'engines.json'))).mode & 0o777, 0o600)
  })

  test('are not shared by somebody without the key', async () => {
    const config = await settings()
    await using owner = await open(config, 'server')
    await owner.admitOthers()
    const { url = '' } = (await readEnginePlaces(owner.folder))?.engine ?? {}

    const { status } = await fetch(url)

    assert.deepEqual([status, owner.isShared()], [401, false])
  })

  test('come back under another address, and who used them goes on; their new owner knows that it is not alone', async () => {
    const config = await settings()
    const first = await open(config, 'server')
    await first.admitOthers()
    await using guest = await open(config, 'worker')
    await guest.vectors.createCollection('films', { vectors: {}, sparse_vectors: {} })
    await first[Symbol.asyncDispose]()
    await assert.rejects(guest.vectors.listCollections(), { code: 'engine_unavailable' })

    await using again = await open(config, 'server')
    await again.admitOthers()

    assert.deepEqual([again.isAlone, again.isShared()], [false, true])
    assert.deepEqual(await guest.vectors.listCollections(), ['films'])
  })

  test('are refused to a process of another version, and to who waited in vain', async () => {
    const config = await settings({ NACRE_OWNER_WAIT_MS: '200' })
    await using owner = await open(config, 'server')
    await assert.rejects(open(config, 'server'), refused('locked', /in use by another/))
    await assert.rejects(open(config, 'worker'), refused('unattended', /No nacre serve/))

    const places = { version: '99.0.0', pid: 1, databaseUrl: owner.databaseUrl, engine: null }
    await writeEnginePlaces(owner.folder, places)

    await assert.rejects(open(config, 'worker'), refused('locked', /is version 99\.0\.0/))
  })

  test('whose owner was killed leave word of a place where nobody is: the next one takes over', async () => {
    const config = await settings()
    await (await open(config, 'server'))[Symbol.asyncDispose]()
    const engine = { url: 'http://127.0.0.1:9', apiKey: 'gone' }
    const databaseUrl = 'postgresql://nacre@localhost:9/nacre'
    const places = { version: '0.1.0', pid: 1, databaseUrl, engine }
    await writeEnginePlaces(config.dataFolder, places)

    await using owner = await open(config, 'server')

    assert.equal(owner.isAlone, true)
    assert.equal(await readEnginePlaces(owner.folder), null)
  })
})

async function settings(env: Record<string, string> = {}): Promise<Config> {
  return readConfig({ NACRE_DATA: await mkdtemp(join(parent, 'data-')), ...env })
}

function open(config: Config, role: Role): Promise<Engines> {
  return openEngines(config, silentLogger, role)
}

function refused(code: string, message: RegExp) {
  return (error: unknown) =>
    error instanceof DataFolderError && error.code === code && message.test(error.message)
}
