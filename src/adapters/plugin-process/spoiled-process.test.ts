import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
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

/**
 * Keeps all memory, or all files, that its process may have, or needs some once. What it keeps it does not touch, so
 * that the kernel's limit is met, and not ours, which would end the process.
 */
function plugin(batchSize: number) {
  const profile = `compute_profile = {"batch_size": ${batchSize}, "max_concurrency": 1}`
  return {
    'manifest.py': manifestOf('hoarder', profile),
    'pipeline.py': pipelineOf(
      `
      for text in batch["data"]:
          while text == "keep memory":
              kept.append(empty(2**24, "uint8"))
          while text == "keep files":
              kept.append(open(os.path.realpath(__file__)))
          if text == "use memory":
              bytearray(2**28)
          if text == "use a file":
              open(os.path.realpath(__file__)).close()
      batch["v"] = [[1.0] * 4 for _ in batch["data"]]
      `,
      'import os\nfrom numpy import empty\nkept = []',
    ),
    'realtime.py': `
      from pipeline import empty, kept
      class InferenceService:
          async def run_inference(self, inputs, parameters):
              while inputs["text"] == "keep memory":
                  kept.append(empty(2**24, "uint8"))
              bytearray(2**28)
              return {"embedding": [1.0] * 4}
    `,
  }
}

describe('a process that has no memory or no files left', { skip: await noPlugins() }, () => {
  for (const batchSize of [1, 4]) {
    test(`fails the rows that took them, and no others: batches of ${batchSize}`, async () => {
      await using plugins = await open()
      const code = await plugins.install(plugin(batchSize))

      const rows = await run(plugins, code, [
        'keep memory',
        'use memory',
        'use memory',
        'keep files',
        'use a file',
        'use memory',
      ])

      assert.deepEqual(rows.map(outcomeOf), [
        'resource',
        'written',
        'written',
        'resource',
        'written',
        'written',
      ])
    })
  }

  test('is not asked again, where a query took them', async () => {
    await using plugins = await open()
    const code = await plugins.install(plugin(1))
    const ask = (text: string) =>
      plugins.host.realtime(code, { inputs: { text }, parameters: {}, vector: 'v' })

    await assert.rejects(ask('keep memory'), /MemoryError/)

    assert.deepEqual((await ask('use memory')).vector, new Float32Array([1, 1, 1, 1]))
  })

  test('is tried for each row alone until many in a row had no more luck alone', async () => {
    await using plugins = await open()
    const code = await plugins.install(plugin(64))
    const rows = await run(plugins, code, [...Array(40).fill('keep memory'), 'use memory'])

    assert.deepEqual(rows.map(outcomeOf), Array(41).fill('resource'))
    const [later] = await run(plugins, code, ['use memory'])
    assert.equal(outcomeOf(later), 'written')
  })
})

async function open(): Promise<TestPlugins> {
  return await openTestPlugins({ NACRE_PLUGIN_MEMORY_BYTES_MAX: String(2 ** 29) })
}

async function run(
  { host }: TestPlugins,
  code: PluginCode,
  texts: readonly string[],
): Promise<ExtractedRow[]> {
  const rows = textRows(...texts)
  return await host.run(code, { parameters: {}, collectionId: 'col_1', inputMappings: {}, rows })
}

function outcomeOf(row: ExtractedRow | undefined): string {
  assert.ok(row)
  if ('failure' in row) return row.failure.type
  return 'skipped' in row ? row.skipped : 'written'
}
