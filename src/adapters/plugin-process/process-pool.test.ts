import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import {
  manifestOf,
  noPlugins,
  openTestPlugins,
  pipelineOf,
  textRows,
  type TestPlugins,
} from '../../../test/support/plugins.ts'
import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { PluginCode } from '../../ports/plugin-host.ts'

const skip = await noPlugins()
const holdPlugin = new URL('hold-plugin.fixture.ts', import.meta.url)

/** Tells its process; `sleep 2` sleeps, `die` dies. */
function plugin(name: string) {
  return {
    'manifest.py': manifestOf(name, 'compute_profile = {"batch_size": 1, "max_concurrency": 1}'),
    'pipeline.py': pipelineOf(
      `
      for text in batch["data"]:
          if text == "die":
              os._exit(1)
          if text.startswith("sleep"):
              time.sleep(float(text.split()[1]))
      batch["process"] = os.getpid()
      batch["v"] = [[1.0] * 4 for _ in batch["data"]]
      `,
      'import os, time',
    ),
  }
}

describe('processes of plugins', { skip, concurrency: 2 }, () => {
  test('a query does not wait for a batch of the same plugin', async () => {
    await using plugins = await openTestPlugins()
    const code = await plugins.install(plugin('busy'))
    await plugins.host.warm(code)
    const batch = run(plugins, code, 'sleep 4')
    await delay(200)

    const query = plugins.host.realtime(code, {
      inputs: { text: 'a' },
      parameters: {},
      vector: 'v',
    })
    const first = await Promise.race([query.then(() => 'query'), batch.then(() => 'batch')])

    assert.equal(first, 'query')
    await batch
  })

  test('an idle process gives way to another plugin where no place is left', async () => {
    await using plugins = await openTestPlugins({ NACRE_PLUGIN_PROCESSES_MAX: '2' })
    const [one, other] = [
      await plugins.install(plugin('one')),
      await plugins.install(plugin('other')),
    ]

    const processes = [await processOf(plugins, one), await processOf(plugins, other)]

    assert.equal(isRunning(processes[0] ?? 0), false)
    assert.equal(isRunning(processes[1] ?? 0), true)
  })

  test('calls that wait for a place get it in order, and those given up leave the queue', async () => {
    await using plugins = await openTestPlugins({ NACRE_PLUGIN_PROCESSES_MAX: '2' })
    const [one, other] = [
      await plugins.install(plugin('first')),
      await plugins.install(plugin('second')),
    ]
    const giving = new AbortController()
    const busy = run(plugins, one, 'sleep 1')
    await delay(100)
    const waiting = plugins.host.run(other, requestOf('a'), giving.signal)
    const next = run(plugins, other, 'b')

    giving.abort(new Error('given up'))

    await assert.rejects(waiting, /given up/)
    assert.deepEqual((await Promise.all([busy, next])).flat().map(outcomeOf), [
      'written',
      'written',
    ])
  })

  test('a plugin that ends every time is soon left to rest: its rows fail at once, others go on', async () => {
    await using plugins = await openTestPlugins()
    const [dying, well] = [
      await plugins.install(plugin('dying')),
      await plugins.install(plugin('well')),
    ]

    const rows = await run(plugins, dying, ...Array(30).fill('die'))

    assert.deepEqual(new Set(rows.map(outcomeOf)), new Set(['runtime']))
    const resting = rows.filter(
      (row) =>
        'failure' in row &&
        /times in a row and is started again in \d+ s/.test(row.failure.message),
    )
    assert.ok(resting.length >= 18, `${resting.length} rows were not tried`)
    assert.deepEqual((await run(plugins, well, 'a')).map(outcomeOf), ['written'])
  })

  test('an unused process ends after its time, and its folder is gone', async () => {
    await using plugins = await openTestPlugins({ NACRE_PLUGIN_IDLE_MS: '300' })
    const pid = await processOf(plugins, await plugins.install(plugin('idle')))

    await until(() => !isRunning(pid))
  })

  test('closing the host ends all processes, also those at work, and removes what it unpacked', async () => {
    const plugins = await openTestPlugins()
    const code = await plugins.install(plugin('closing'))
    const pid = await processOf(plugins, code)
    const working = run(plugins, code, 'sleep 30').catch((error: unknown) => error)
    await delay(100)

    await plugins.host[Symbol.asyncDispose]()

    assert.equal(isRunning(pid), false)
    assert.equal(existsSync(join(plugins.folder, 'plugins')), false)
    await working
    await plugins[Symbol.asyncDispose]()
  })

  test('a server that is killed takes its plugin processes with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nacre-held-'))
    const server = spawn(process.execPath, [fileURLToPath(holdPlugin)], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface({ input: server.stdout }), 'line')
    const pid = Number(line)
    assert.equal(isRunning(pid), true)

    server.kill('SIGKILL')

    await until(() => !isRunning(pid))
    await rm(folder, { recursive: true })
  })
})

function requestOf(...texts: string[]) {
  return { parameters: {}, collectionId: 'col_1', inputMappings: {}, rows: textRows(...texts) }
}

async function run(
  { host }: TestPlugins,
  code: PluginCode,
  ...texts: string[]
): Promise<ExtractedRow[]> {
  return await host.run(code, requestOf(...texts))
}

async function processOf(plugins: TestPlugins, code: PluginCode): Promise<number> {
  const [row] = await run(plugins, code, 'a')
  assert.ok(row && 'documents' in row, JSON.stringify(row))
  return Number(row.documents[0]?.fields['process'])
}

function outcomeOf(row: ExtractedRow): string {
  if ('failure' in row) return row.failure.type
  return 'skipped' in row ? 'skipped' : 'written'
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it did not come true in 10 s')
    await delay(20)
  }
}
