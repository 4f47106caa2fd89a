import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fronted } from '../../../test/support/fronted.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { leafOf, openWrittenNamespace } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { applyPayloadIndexes } from '../payload-indexes/apply-payload-indexes.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { compareGain } from './compare-gain.ts'
import { measureSamples } from './measure-gain.ts'
import {
  controlShape,
  type AskedSample,
  type Measurement,
  type WeighedShape,
} from './measurement.ts'

const kinds = ['search', 'list', 'bulk', 'count', 'facet', 'group', 'sort', 'aggregate'] as const

describe('measureSamples()', () => {
  test('asks each kind of read in turns, with control reads among them, and weighs by frequency', async () => {
    await using ports = await quick()
    const { namespace, collectionId } = await openWrittenNamespace(ports, { fields: rows(500) })
    const samples = kinds.flatMap((kind) =>
      [1, 2, 3].map((n) => ({ ...sampleOf(kind, `n${n}`), collectionIds: [collectionId] })),
    )
    const shapes = kinds.map((kind, i) => weighed(kind, i + 1))

    const measured = await measureSamples(ports, namespace, samples, shapes)

    assert.deepEqual(
      new Set(measured.shapes.map(({ shape }) => shape)),
      new Set([controlShape, ...kinds]),
    )
    assert.equal(measured.documents, 500)
    const weights = measured.shapes.map(({ weight }) => weight)
    assert.ok(Math.abs(weights.reduce((sum, each) => sum + each, 0) - 1) < 1e-9)
    assert.equal(shapeOf(measured, controlShape)?.weight, 0)
    for (const each of measured.shapes) {
      const runs = each.runs.flatMap(({ ms }) => ms)
      assert.ok(runs.length >= measured.rounds, each.shape)
      assert.ok(runs.length <= 4 * measured.rounds, each.shape)
      assert.ok(runs.every((ms) => ms > 0))
      assert.ok(each.spreadMs[0] <= each.p50Ms && each.p50Ms <= each.spreadMs[1])
      assert.ok(each.p50Ms <= each.p95Ms)
    }
  })

  test('asks the same queries before and after, in whatever order and number they were read', async () => {
    await using ports = await quick({ NACRE_INDEX_MEASURE_ROUNDS_MAX: '12' })
    const { namespace } = await openWrittenNamespace(ports, { fields: rows(200) })
    const samples = Array.from({ length: 20 }, (_, n) => sampleOf('list', `n${n}`))
    const shapes = [weighed('list', 1)]

    const before = await measureSamples(ports, namespace, samples, shapes)
    const after = await measureSamples(ports, namespace, samples.toReversed(), shapes)

    assert.deepEqual(keysOf(before), keysOf(after))
    assert.equal(keysOf(before).length, 12)
  })

  test('asks a quick shape more often than a slow one, of which there are few rounds', async () => {
    await using ports = await quick({ NACRE_INDEX_MEASURE_MS: '600' })
    const { namespace } = await openWrittenNamespace(ports, { fields: rows(200) })
    const vectors = fronted(ports.vectors, {
      async count(...args) {
        if (JSON.stringify(args).includes('slow')) await sleep(300)
        return await ports.vectors.count(...args)
      },
    })
    const samples = ['slow', 'n1'].map((tag) => ({ ...sampleOf('count', tag), shape: tag }))

    const measured = await measureSamples({ ...ports, vectors }, namespace, samples, [])

    const runsOf = (shape: string) => shapeOf(measured, shape)?.runs[0]?.ms.length ?? 0
    assert.equal(runsOf('slow'), measured.rounds)
    assert.ok(runsOf('n1') > measured.rounds, `${runsOf('n1')} in ${measured.rounds} rounds`)
  })

  test('no read before an index is compared with another one after it', async () => {
    await using ports = await quick()
    const { namespace } = await openWrittenNamespace(ports, { fields: rows(3_000) })
    const samples = [1, 2, 3, 4].map((n) => sampleOf('count', `n${n}`))
    const shapes = [weighed('count', 200)]

    const before = await measureSamples(ports, namespace, samples, shapes)
    const indexed = await withIndex(ports, namespace)
    const after = await measureSamples(ports, indexed, samples, shapes)
    const { gain, interval, sentence } = compareGain(before, after, 'tag')

    assert.ok(gain <= 1 && interval[0] <= interval[1])
    assert.match(sentence, /by 4 recorded queries of 1 shape with 'tag'/)
  })

  test('leaves out what can no longer be asked, and what the read gate refuses', async () => {
    await using ports = await quick({ NACRE_SCAN_DOCUMENTS_MAX: '1000' })
    const { namespace } = await openWrittenNamespace(ports, { fields: rows(1_500) })
    const contains = { ...sampleOf('list', 'x'), filter: leafOf('tag', 'contains', 'x') }
    const samples = [
      { ...sampleOf('search', 'n1'), using: 'gone' },
      { ...contains, kind: 'count' as const, shape: 'words' },
      sampleOf('list', 'n1'),
    ]
    const shapes = [weighed('search', 1), weighed('words', 1), weighed('list', 1)]

    const measured = await measureSamples(ports, namespace, samples, shapes)

    assert.deepEqual(
      measured.shapes.map(({ shape }) => shape),
      [controlShape, 'list'],
    )
  })

  test('of more shapes than are measured, takes those that come first', async () => {
    await using ports = await quick({ NACRE_INDEX_MEASURE_SHAPES_MAX: '2' })
    const { namespace } = await openWrittenNamespace(ports, { fields: rows(50) })
    const samples = kinds.map((kind) => sampleOf(kind, 'n1'))

    const measured = await measureSamples(ports, namespace, samples, [])

    const shapes = measured.shapes.map(({ shape }) => shape)
    assert.deepEqual(shapes, [controlShape, 'search', 'list'])
  })

  test('nothing is measured but the control reads where no read was recorded', async () => {
    await using ports = await quick()
    const { namespace } = await openWrittenNamespace(ports, { fields: [] })

    const measured = await measureSamples(ports, namespace, [], [])

    assert.equal(measured.documents, 0)
    assert.equal(compareGain(measured, measured, 'tag').verdict, 'no_gain')
  })

  test('ends with its signal', async () => {
    await using ports = await quick()
    const { namespace } = await openWrittenNamespace(ports, { fields: rows(50) })
    const signal = AbortSignal.abort(new Error('stopped'))
    const samples = [sampleOf('list', 'n1')]

    await assert.rejects(measureSamples(ports, namespace, samples, [], signal), /stopped/)
  })
})

function quick(env: Record<string, string> = {}): Promise<Ports & AsyncDisposable> {
  return openTestPorts({
    NACRE_INDEX_MEASURE_MS: '3000',
    NACRE_INDEX_MEASURE_ROUNDS_MAX: '6',
    ...env,
  })
}

async function withIndex(ports: Ports, namespace: Namespace): Promise<Namespace> {
  const entries = [{ field_name: 'tag', type: 'keyword' as const }]
  const location = ['body', 'payload_indexes']
  const also = async () => async () => {}
  await applyPayloadIndexes(ports, namespace, { entries, location, also })
  const changed = await readNamespaceById(ports.db, namespace.id)
  assert.ok(changed)
  return changed
}

function sampleOf(kind: AskedSample['kind'], tag: string): AskedSample {
  const filter = leafOf('tag', 'eq', tag)
  return { shape: kind, kind, filter, collectionIds: null, using: 'own', limit: 10 }
}

function weighed(shape: string, count: number): WeighedShape {
  return { shape, count, paths: ['tag'] }
}

function rows(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => ({ n, tag: `n${n % 10}` }))
}

function shapeOf({ shapes }: Measurement, name: string) {
  return shapes.find(({ shape }) => shape === name)
}

function keysOf(measurement: Measurement): string[] {
  return (shapeOf(measurement, 'list')?.runs ?? []).map(({ key }) => key)
}
