import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { VectorDefinition } from '../namespaces/namespace.ts'
import { needsEngine, planVectors, withAdded } from './plan-vectors.ts'

describe('planVectors()', () => {
  test('sorts names into kept, added, changed and orphaned', () => {
    const present = schema(['kept', 4], ['changed', 4], ['orphaned', 4])
    const wanted = schema(['kept', 4], ['changed', 8], ['added', 4])

    assert.deepEqual(planVectors(present, wanted), {
      kept: ['kept'],
      added: ['added'],
      changed: ['changed'],
      orphaned: ['orphaned'],
      rebound: [],
    })
  })

  test('an orphaned vector alone is no reason to touch the engine', () => {
    const plan = planVectors(schema(['kept', 4], ['orphaned', 4]), schema(['kept', 4]))

    assert.equal(needsEngine(plan), false)
  })

  test('takes another distance for another vector, but none of a sparse one', () => {
    const dense = { ...vector('a', 4), distance: 'dot' as const }
    assert.deepEqual(planVectors({ a: vector('a', 4) }, { a: dense }).changed, ['a'])

    const sparse = { ...vector('a', 4), type: 'sparse' as const, dimensions: null }
    const other = { ...sparse, distance: 'dot' as const }
    assert.deepEqual(planVectors({ a: sparse }, { a: other }).kept, ['a'])
  })

  test('a vector that a later version of its plugin fills is kept, and told of anew', () => {
    const later = { ...vector('a', 4), extractorId: 'plugin_2_0_0' }
    const plan = planVectors({ a: vector('a', 4) }, { a: later })

    assert.deepEqual([plan.kept, plan.rebound, needsEngine(plan)], [['a'], ['a'], false])
    assert.equal(withAdded({ a: vector('a', 4) }, { a: later })['a']?.extractorId, 'plugin_2_0_0')
  })

  test('is pure, and after its additions there is nothing left to add', () => {
    fc.assert(
      fc.property(schemas, schemas, (present, wanted) => {
        const plan = planVectors(present, wanted)
        assert.deepEqual(planVectors(present, wanted), plan)

        const after = planVectors(withAdded(present, wanted), wanted)
        assert.deepEqual(after.added, [])
        assert.deepEqual(after.rebound, [])
        assert.deepEqual(after.changed, plan.changed)
        assert.deepEqual(after.orphaned, plan.orphaned)
        const names = [...plan.kept, ...plan.added, ...plan.changed, ...plan.orphaned]
        assert.equal(new Set(names).size, names.length, 'each name in one place')
      }),
    )
  })
})

const schemas = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd', '__proto__'), fc.constantFrom(4, 8))
  .map((sizes) => schema(...Object.entries(sizes)))

function schema(...vectors: [string, number][]): Record<string, VectorDefinition> {
  return Object.fromEntries(vectors.map(([name, size]) => [name, vector(name, size)]))
}

function vector(name: string, dimensions: number): VectorDefinition {
  return {
    name,
    description: name,
    type: 'dense',
    dimensions,
    distance: 'cosine',
    inferenceName: name,
    extractorId: 'plugin_1_0_0',
    featureUri: name,
  }
}
