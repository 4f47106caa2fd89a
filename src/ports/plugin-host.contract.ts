import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { manifestOf, packPlugin, pipelineOf, textRows } from '../../test/support/plugins.ts'
import type { TestPlugins } from '../../test/support/plugins.ts'
import { isFailure } from '../domain/failure.ts'
import type { ExtractedRow } from './extractor-runtime.ts'
import type { PluginCode, PluginHost, PluginRow } from './plugin-host.ts'

/** Lengths as vectors, in batches of two; `process` tells which process worked, `seen` what it has worked on so far. */
const lengths = {
  'manifest.py': manifestOf('lengths', 'compute_profile = {"batch_size": 2, "max_concurrency": 2}'),
  'pipeline.py': pipelineOf(
    `
    for text in batch["data"]:
        seen.append(text)
        if text == "raise":
            raise ValueError("it does not like this row")
        if text == "die":
            os._exit(7)
    batch["v"] = [[float(len(text)), 0.0, 0.0, 1.0] if text else None for text in batch["data"]]
    batch["process"] = os.getpid()
    batch["seen"] = len(seen)
    batch["prefix"] = self.config.get("prefix")
    `,
    `
    import os

    seen = []
    `,
  ),
}

/** What every PluginHost promises. `skip`: why no plugin can run here; `open` gives a host that has run none. */
export function pluginHostContract(
  name: string,
  { open, skip }: { open: () => Promise<TestPlugins>; skip: string | false },
): void {
  describe(`${name} keeps the PluginHost contract`, { skip }, () => {
    let plugins: TestPlugins
    let host: PluginHost
    before(async () => {
      plugins = await open()
      host = plugins.host
    })
    after(() => plugins[Symbol.asyncDispose]())

    test('describe() says what runs plugins and how they are walled in', async () => {
      const { tier, reasons, python, problem } = await host.describe()

      assert.equal(tier === 'kernel', reasons.length === 0)
      assert.match(python?.version ?? '', /^3\.\d+\.\d+$/)
      assert.equal(problem, null)
    })

    test('inspect() reads a manifest and runs none of it', async () => {
      const manifest = `${lengths['manifest.py']}raise SystemExit("it was run")\n`

      const found = await inspect({ ...lengths, 'manifest.py': manifest })

      assert.deepEqual(found.errors, [])
      assert.deepEqual(found.manifest?.features, [{ name: 'v', dimensions: 4, distance: 'cosine' }])
      assert.deepEqual(
        { ...found.manifest?.profile, memoryBytes: 0 },
        { batchSize: 2, maxConcurrency: 2, memoryBytes: 0 },
      )
    })

    test('inspect() finds what the scan forbids, with its place', async () => {
      const found = await inspect({ ...lengths, 'core.py': 'import re\nimport subprocess\n' })

      assert.deepEqual(found.violations, [
        {
          file: 'core.py',
          line: 2,
          column: 0,
          message: 'Forbidden import: subprocess',
          severity: 'error',
        },
      ])
    })

    test('the same files packed again have the same code hash, others another', async () => {
      const reversed = Object.fromEntries(Object.entries(lengths).toReversed())

      const [one, same, other] = await Promise.all(
        [lengths, reversed, { ...lengths, 'more.py': '' }].map(inspect),
      )

      assert.match(one?.codeHash ?? '', /^[0-9a-f]{64}$/)
      assert.equal(one?.codeHash, same?.codeHash)
      assert.notEqual(one?.codeHash, other?.codeHash)
    })

    test('an archive that is none, a manifest that is none: answers with errors, not exceptions', async () => {
      const { hash } = await plugins.blobs.put(Buffer.from('no archive at all'))

      const [bytes, syntax, empty] = await Promise.all([
        host.inspect(hash),
        inspect({ ...lengths, 'manifest.py': 'name = (' }),
        inspect({ 'manifest.py': lengths['manifest.py'] }),
      ])

      assert.deepEqual([bytes?.manifest, bytes?.codeHash], [null, null])
      assert.equal(bytes?.errors.length, 1)
      assert.match(syntax?.errors.join() ?? '', /manifest\.py:1:\d+: Syntax error/)
      assert.match(empty?.errors.join() ?? '', /pipeline\.py not found/)
    })

    test('check() finds nothing wrong with a plugin that does what it declares', async () => {
      const { manifest, errors } = await host.check(await plugins.install(lengths))

      assert.deepEqual(errors, [])
      assert.equal(manifest?.name, 'lengths')
    })

    test('check() says how what comes out differs from what is declared', async () => {
      const wrong = 'batch["v"] = [[1.0, 2.0] for _ in batch["data"]]'
      const other = 'batch["embedding"] = [[1.0] * 4 for _ in batch["data"]]'

      const [dimensions, column] = await Promise.all([checkStep(wrong), checkStep(other)])

      assert.match(dimensions.join(), /v has 2 dimensions, the manifest declares 4/)
      assert.match(
        column.join(),
        /feature 'v' is declared but no step wrote a column 'v'; new columns are: embedding/,
      )
    })

    test('check() tells an import that fails with its place, and every stage at once', async () => {
      const code = await plugins.install({
        'manifest.py': manifestOf('broken'),
        'pipeline.py': 'import absent_library',
        'realtime.py': 'raise ValueError("no service")',
      })

      const { errors } = await host.check(code)

      assert.equal(errors.length, 2)
      assert.match(errors[0] ?? '', /^pipeline\.py:1:0: .*absent_library/)
      assert.match(errors[1] ?? '', /^realtime\.py:1:0: .*no service/)
    })

    test('check() fails a plugin whose import never ends or ends the process', async () => {
      const hanging = await plugins.install({ ...lengths, 'pipeline.py': 'while True: pass' })
      const dying = await plugins.install({ ...lengths, 'pipeline.py': 'import os; os._exit(3)' })

      const [hung, died] = await Promise.all([host.check(hanging), host.check(dying)])

      assert.match(hung.errors.join(), /longer than \d+ ms|CPU time/)
      assert.match(died.errors.join(), /ended with code 3/)
    })

    test('run() answers one row for each, in order, over several batches', async () => {
      const rows = textRows('a', 'bb', 'ccc', 'dddd', 'eeeee')

      const answers = await runTexts(lengths, rows)

      assert.deepEqual(
        answers.map((row) => [row.key, vectorOf(row)[0]]),
        [1, 2, 3, 4, 5].map((length, i) => [String(i), length]),
      )
    })

    test('a row without a vector is skipped with the reason', async () => {
      const [empty, full] = await runTexts(lengths, textRows('', 'a'))

      assert.ok(empty && 'skipped' in empty)
      assert.equal(empty.skipped, 'null vector')
      assert.equal(full && vectorOf(full)[0], 1)
    })

    test('a row that raises fails alone, with step, exception and line', async () => {
      const [good, bad] = await runTexts(lengths, textRows('a', 'raise'))

      assert.equal(good && vectorOf(good)[0], 1)
      assert.match(
        failureOf(bad),
        /step 0 \(Step\): ValueError: it does not like this row \(pipeline\.py:\d+\)/,
      )
    })

    test('a row that ends the process fails alone, wherever it stands', async () => {
      const answers = await runTexts(lengths, textRows('a', 'die', 'b', 'c', 'die'))

      assert.deepEqual(
        answers.map((row) => ('failure' in row ? row.failure.type : 'written')),
        ['written', 'runtime', 'written', 'written', 'runtime'],
      )
      assert.match(failureOf(answers[1]), /ended with code 7/)
    })

    test('parameters and the collection reach the plugin, run by run', async () => {
      const code = await plugins.install({
        ...lengths,
        'pipeline.py': `${lengths['pipeline.py']}
_build = build_steps
def build_steps(extractor_request, **kwargs):
    extractor_request.parameters["prefix"] = extractor_request.collection_id + extractor_request.parameters["prefix"]
    return _build(extractor_request)
`,
      })
      const run = async (collectionId: string, prefix: string) => {
        const request = {
          parameters: { prefix },
          collectionId,
          inputMappings: {},
          rows: textRows('a'),
        }
        return fieldsOf((await host.run(code, request))[0])['prefix']
      }

      assert.deepEqual(
        [await run('col_1', 'x'), await run('col_2', 'x'), await run('col_1', 'y')],
        ['col_1x', 'col_2x', 'col_1y'],
      )
    })

    test('files are paths that the plugin may read, gone when the run is over', async () => {
      const content = Buffer.from('\x89PNG and more')
      const { hash } = await plugins.blobs.put(content)
      const [row] = textRows('')
      assert.ok(row)
      const rows = [
        {
          ...row,
          blob: { ...row.blob, type: 'image', mimeType: 'image/png' },
          data: { contentHash: hash },
        },
      ]

      const [answer] = await runTexts(
        stepPlugin(
          `
          import hashlib
          batch["hash"] = [hashlib.sha256(open(path, "rb").read()).hexdigest() for path in batch["data"]]
          batch["path"] = batch["data"]
          batch["v"] = [[1.0] * 4 for _ in batch["data"]]
          `,
        ),
        rows,
      )

      const { hash: seen, path } = fieldsOf(answer)
      assert.equal(seen, createHash('sha256').update(content).digest('hex'))
      assert.equal(existsSync(String(path)), false)
    })

    test('a process is kept for the next run, and never shared between namespaces', async () => {
      const [one, other] = await Promise.all([
        plugins.install(lengths, 'ns_one'),
        plugins.install(lengths, 'ns_other'),
      ])

      const processes = [await processOf(one), await processOf(other), await processOf(one)]

      assert.equal(processes[0], processes[2])
      assert.notEqual(processes[0], processes[1])
    })

    test('stop() ends the processes of a plugin; a later run starts a new one', async () => {
      const code = await plugins.install(lengths)
      const old = await processOf(code)

      await host.stop(code.pluginId)

      assert.throws(() => process.kill(old, 0), { code: 'ESRCH' })
      assert.notEqual(await processOf(code), old)
    })

    test('warm() starts it ahead of the first row, or says what is wrong with it', async () => {
      const code = await plugins.install(lengths)
      const broken = await plugins.install({
        ...lengths,
        'pipeline.py': 'raise ValueError("not today")',
      })

      await host.warm(code)

      await assert.rejects(
        host.warm(broken),
        (error) =>
          isFailure(error, 'plugin_failed') && /pipeline\.py:1:0: .*not today/.test(error.message),
      )
    })

    test('a run that is given up ends at once, and the next one works', async () => {
      const code = await plugins.install(
        stepPlugin(`
          import time
          if batch["data"][0] == "slow":
              time.sleep(30)
          batch["v"] = [[1.0] * 4 for _ in batch["data"]]
        `),
      )
      const giving = new AbortController()
      const reason = new Error('given up')
      const slow = host.run(code, requestOf(textRows('slow')), giving.signal)
      setTimeout(() => giving.abort(reason), 100)

      await assert.rejects(slow, reason)

      const [next] = await host.run(code, requestOf(textRows('quick')))
      assert.equal(next && vectorOf(next).length, 4)
    })

    test('realtime() asks the service of the plugin', async () => {
      const code = await plugins.install({
        ...lengths,
        'realtime.py': `
          class InferenceService:
              async def run_inference(self, inputs, parameters):
                  return {"embedding": [float(len(inputs["text"])), 0.0, 0.0, parameters["last"]]}
        `,
      })

      const answer = await host.realtime(code, {
        inputs: { text: 'four' },
        parameters: { last: 0.5 },
        vector: 'v',
      })

      assert.deepEqual([...(answer.vector ?? [])], [4, 0, 0, 0.5])
      assert.deepEqual([answer.type, answer.keys, answer.error], ['dict', ['embedding'], null])
    })

    test('realtime() without a service sends the query through the pipeline', async () => {
      const code = await plugins.install(lengths)

      const { vector } = await host.realtime(code, {
        inputs: { text: 'four' },
        parameters: {},
        vector: 'v',
      })

      assert.deepEqual([...(vector ?? [])], [4, 0, 0, 1])
    })

    test('realtime() that gives no vector says what it gave', async () => {
      const answers = await Promise.all(
        ['{"vector": [1.0]}', '[1.0]', '{"embedding": [1.0, 2.0]}'].map(async (response) => {
          const service = `def get_inference_service():\n    return Service()\nclass Service:\n    def run_inference(self, inputs, parameters):\n        return ${response}\n`
          const code = await plugins.install({ ...lengths, 'realtime.py': service })
          return await host.realtime(code, { inputs: { text: 'a' }, parameters: {}, vector: 'v' })
        }),
      )

      assert.deepEqual(
        answers.map(({ vector }) => vector),
        [null, null, null],
      )
      assert.match(answers[0]?.error ?? '', /response keys are vector; expected 'v' or 'embedding'/)
      assert.match(answers[1]?.error ?? '', /realtime returned list/)
      assert.match(answers[2]?.error ?? '', /embedding has 2 dimensions, the manifest declares 4/)
    })

    test('realtime() of a service that raises is plugin_failed with its words', async () => {
      const code = await plugins.install({
        ...lengths,
        'realtime.py': `
          class InferenceService:
              def run_inference(self, inputs, parameters):
                  raise ValueError("no such word")
        `,
      })

      await assert.rejects(
        host.realtime(code, { inputs: { text: 'a' }, parameters: {}, vector: 'v' }),
        (error) =>
          isFailure(error, 'plugin_failed') &&
          /no such word \(realtime\.py:3\)/.test(error.message),
      )
    })

    test('an archive that is gone fails its rows with that reason', async () => {
      const code = { ...(await plugins.install(lengths)), archiveHash: 'ab'.repeat(32) }

      const [row] = await host.run(code, requestOf(textRows('a')))

      assert.match(failureOf(row), /its archive is gone/)
    })

    async function inspect(files: Record<string, string>) {
      const { hash } = await plugins.blobs.put(packPlugin(files))
      return await host.inspect(hash)
    }

    async function checkStep(step: string): Promise<readonly string[]> {
      return (await host.check(await plugins.install(stepPlugin(step)))).errors
    }

    async function runTexts(
      files: Record<string, string>,
      rows: PluginRow[],
    ): Promise<ExtractedRow[]> {
      return await host.run(await plugins.install(files), requestOf(rows))
    }

    async function processOf(code: PluginCode): Promise<number> {
      const [row] = await host.run(code, requestOf(textRows('a')))
      return Number(fieldsOf(row)['process'])
    }
  })
}

function stepPlugin(step: string) {
  return { 'manifest.py': manifestOf('one_step'), 'pipeline.py': pipelineOf(step) }
}

function requestOf(rows: PluginRow[]) {
  return { parameters: {}, collectionId: 'col_1', inputMappings: {}, rows }
}

function vectorOf(row: ExtractedRow): number[] {
  assert.ok('documents' in row, JSON.stringify(row))
  return [...(row.documents[0]?.vectors['v'] ?? [])]
}

function fieldsOf(row: ExtractedRow | undefined): Readonly<Record<string, unknown>> {
  assert.ok(row && 'documents' in row, JSON.stringify(row))
  return row.documents[0]?.fields ?? {}
}

function failureOf(row: ExtractedRow | undefined): string {
  assert.ok(row && 'failure' in row, JSON.stringify(row))
  return row.failure.message
}
