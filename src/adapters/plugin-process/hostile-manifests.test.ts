import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  noPlugins,
  openTestPlugins,
  packPlugin,
  pipelineOf,
  type TestPlugins,
} from '../../../test/support/plugins.ts'

const named = 'feature_extractor_name = "made_here"\nversion = "1.0.0"\n'
const vector = '{"feature_type": "embedding", "feature_name": "v", "embedding_dim": 8}'
const pipeline = pipelineOf('def step(batch): return batch')

/** What a manifest does when it is read, and the one error it gets. */
const read: [string, string, RegExp][] = [
  ['names 10,000 features', `features = [${`{},`.repeat(10_000)}]\n`, /features has 10000 entries/],
  ['is larger than any', 'x = 1\n'.repeat(60_000), /manifest\.py has \d+ bytes; at most 262144/],
  ['has a NUL in a name', `features = [${vector.replace('"v"', '"\\x00"')}]\n`, /cannot be shown/],
  ['nests without end', `x = ${'-'.repeat(50_000)}1\n`, /nested too deeply, or too large/],
  ['is in no encoding', '# coding: x-none\n', /unknown encoding/],
]

/** What a manifest does when it is run: the static reader leaves the value to the run. */
const run: [string, string, RegExp][] = [
  [
    'makes a million features',
    `features = [${vector} for _ in range(10**6)]\n`,
    /features has more than 200000 elements/,
  ],
  [
    'doubles a list 60 times',
    `a = ["x"]\nfor _ in range(60): a = [a, a]\nexample_input = a\n`,
    /example_input (has more than|is nested)/,
  ],
  [
    'puts a dict into itself',
    `example_input = {}\nexample_input["a"] = example_input\n`,
    /example_input is nested more than/,
  ],
  ['takes all memory', `icon = "x" * 10**11\n`, /memory/i],
  ['never ends', `while True: pass\n`, /longer than|CPU time/],
  ['ends its process', `import os\nos._exit(3)\n`, /ended/],
  ['recurses without end', `def f(): return f()\nicon = f()\n`, /recursion/i],
  [
    'writes itself as it likes',
    `class A:\n    def __repr__(self): raise OSError\n    def __eq__(self, other): raise OSError\ncompute_profile = {"batch_size": A()}\n`,
    /compute_profile\.batch_size is <A.*it must be a whole number/,
  ],
]

describe('a manifest that', { skip: await noPlugins() }, () => {
  let plugins: TestPlugins
  before(async () => {
    plugins = await openTestPlugins({ NACRE_PLUGIN_START_MS: '8000' })
  })
  after(() => plugins[Symbol.asyncDispose]())

  for (const [what, text, says] of read) {
    test(`${what} is refused when it is read`, async () => {
      const { errors, manifest } = await inspect(text)

      assert.match(errors.join('\n'), says)
      assert.ok(JSON.stringify({ errors, manifest }).length < 100_000)
    })
  }

  for (const [what, text, says] of run) {
    test(`${what} is refused when it is run, and other plugins are not held up`, async () => {
      const { errors: before } = await inspect(text)
      assert.deepEqual(before, [])
      const code = await plugins.install({ 'manifest.py': named + text, 'pipeline.py': pipeline })

      const { errors } = await plugins.host.check(code)

      assert.match(errors.join('\n'), says)
      assert.ok(JSON.stringify(errors).length < 10_000)
    })
  }

  async function inspect(text: string) {
    const files = {
      'manifest.py': text.startsWith('#') ? text : named + text,
      'pipeline.py': pipeline,
    }
    const { hash } = await plugins.blobs.put(packPlugin(files))
    return await plugins.host.inspect(hash)
  }
})
