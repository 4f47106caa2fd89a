import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import {
  manifestOf,
  noPlugins,
  openTestPlugins,
  pipelineOf,
  textRows,
  type TestPlugins,
} from '../../../test/support/plugins.ts'
import type { PluginCode } from '../../ports/plugin-host.ts'
import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { Misbehaviour } from './misbehaviour.fixture.ts'
import { misbehavingAnswers } from './misbehaving-answers.fixture.ts'
import { misbehavingReach } from './misbehaving-reach.fixture.ts'
import { misbehavingUses } from './misbehaving-uses.fixture.ts'

const skip = await noPlugins()
const misbehaviours = [...misbehavingUses, ...misbehavingReach, ...misbehavingAnswers]

/** Small, so that a wall is soon met. */
const limits = {
  NACRE_PLUGIN_MEMORY_BYTES_MAX: String(2 ** 29),
  NACRE_PLUGIN_CPU_SECONDS_MAX: '2',
  NACRE_PLUGIN_BATCH_MS: '6000',
  NACRE_PLUGIN_START_MS: '20000',
  NACRE_PLUGIN_OUTPUT_BYTES_MAX: String(2 ** 20),
  NACRE_PLUGIN_DISK_BYTES_MAX: String(2 ** 24),
  NACRE_PLUGIN_THREADS_MAX: '64',
  NACRE_PLUGIN_PROCESSES_MAX: '6',
}

describe('a plugin that', { skip, concurrency: 3 }, () => {
  let plugins: TestPlugins
  let isWalled = false
  /** All of them that leave their process fit for the next. */
  let careless: PluginCode
  before(async () => {
    plugins = await openTestPlugins(limits)
    isWalled = (await plugins.host.describe()).tier === 'kernel'
    const numbers = [...misbehaviours.keys()].filter((one) => !misbehaviours[one]?.isFatal)
    careless = await plugins.install(pluginOf(numbers))
  })
  after(() => plugins[Symbol.asyncDispose]())

  for (const [number, misbehaviour] of misbehaviours.entries()) {
    const { name, isWalled: needsWall, isFatal, spoilsBatch } = misbehaviour
    const neighbour = spoilsBatch ? 'as its neighbour' : 'its neighbour is written'
    test(`${name}: ${told(misbehaviour)}, ${neighbour}`, async (context) => {
      if (needsWall && !isWalled) return context.skip('this kernel lacks a wall that holds it off')
      const code = isFatal ? await plugins.install(pluginOf([number])) : careless

      const [bad, good] = await run(plugins, code, `bad ${number}`, 'good')

      assertOutcome(bad, misbehaviour.outcome)
      if (spoilsBatch) assertOutcome(good, misbehaviour.outcome)
      else assertWritten(good, 1)
      const [later] = await run(plugins, code, 'later')
      assertWritten(later, 1)
    })
  }

  test('none of them left anything outside of their folders', () => {
    assert.equal(existsSync('/tmp/nacre-misbehaviour'), false)
  })
})

/** A plugin that misbehaves in these ways, each where a row names its number. */
function pluginOf(numbers: readonly number[]) {
  const chosen = numbers.map((number) => ({ number, ...misbehaviours[number] }))
  const steps = chosen.map(({ number, step = '' }) => {
    const body = trimmed(step).replaceAll('\n', '\n    ')
    return `bads = [text == "bad ${number}" for text in batch["data"]]\nif any(bads):\n    ${body}`
  })
  const vectors = 'batch["v"] = [[1.0] * 4 for _ in batch["data"]]'
  return {
    'manifest.py': manifestOf(`misbehaviour_${numbers[0]}`),
    'pipeline.py': pipelineOf(
      [vectors, ...steps].join('\n'),
      chosen.map(({ before: first = '' }) => first).join('\n'),
    ),
  }
}

/** Without the indentation of the fixture, which is that of TypeScript. */
function trimmed(step: string): string {
  const lines = step.replace(/^\n/, '').trimEnd().split('\n')
  const indent = lines[0]?.search(/\S/) ?? 0
  return lines.map((line) => line.slice(indent)).join('\n')
}

async function run(
  { host }: TestPlugins,
  code: Parameters<typeof host.run>[0],
  ...texts: string[]
) {
  const request = {
    parameters: {},
    collectionId: 'col_1',
    inputMappings: {},
    rows: textRows(...texts),
  }
  return await host.run(code, request)
}

function assertOutcome(row: ExtractedRow | undefined, outcome: Misbehaviour['outcome']): void {
  if ('documents' in outcome) return assertWritten(row, outcome.documents)
  assert.ok(row && !('documents' in row), JSON.stringify(row))
  if ('skipped' in outcome) {
    assert.ok('skipped' in row, JSON.stringify(row))
    return assert.match(row.skipped, outcome.skipped)
  }
  assert.ok('failure' in row, JSON.stringify(row))
  assert.match(row.failure.message, outcome.message)
  assert.ok([outcome.type].flat().includes(row.failure.type), row.failure.type)
}

function assertWritten(row: ExtractedRow | undefined, documents: number): void {
  assert.ok(row && 'documents' in row, JSON.stringify(row))
  assert.equal(row.documents.length, documents)
}

function told({ outcome }: Misbehaviour): string {
  if ('documents' in outcome) return 'its row is written'
  return 'skipped' in outcome
    ? 'its row is skipped'
    : `its row fails (${[outcome.type].flat().join(' or ')})`
}
