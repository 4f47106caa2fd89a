import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changesNothing, diffPayloadIndexes } from './diff-payload-indexes.ts'
import { defaultSchema } from './index-schema.ts'
import { indexTypes, type DeclaredIndex, type PayloadIndex } from './payload-index.ts'

const path = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const schema = fc.constantFrom(...indexTypes).map(defaultSchema)
const spelling = fc.constantFrom('', 'metadata.')

const declaredList: fc.Arbitrary<DeclaredIndex[]> = fc.uniqueArray(
  fc.record({ path, schema, prefix: spelling }).map(({ path, schema, prefix }) => ({
    fieldName: prefix + path,
    path,
    schema,
  })),
  { selector: (index) => index.path },
)

const currentList: fc.Arbitrary<PayloadIndex[]> = fc
  .tuple(declaredList, fc.infiniteStream(fc.constantFrom('user', 'auto')))
  .map(([list, origins]) =>
    list.map((index) => {
      const origin = origins.next().value ?? 'user'
      return {
        ...index,
        origin,
        isProtected: origin === 'auto',
        state: 'active' as const,
        error: null,
      }
    }),
  )

test('carrying out the plan leaves the declared set, and automatic indexes that nobody named', () => {
  fc.assert(
    fc.property(currentList, declaredList, (current, declared) => {
      const plan = diffPayloadIndexes(current, declared)

      const after = new Map(current.map((index) => [index.path, { ...index }]))
      for (const { path } of plan.drop) after.delete(path)
      for (const { from, to } of plan.change) {
        after.set(from.path, { ...from, ...to, origin: 'user', isProtected: false })
      }
      for (const index of plan.create) {
        assert.ok(!after.has(index.path))
        after.set(index.path, {
          ...index,
          origin: 'user',
          isProtected: false,
          state: 'active',
          error: null,
        })
      }

      assert.deepEqual(
        [...after.values()].map(meaning).toSorted(),
        naive(current, declared).toSorted(),
      )
    }),
  )
})

test('a list that is already true changes nothing, in any order', () => {
  fc.assert(
    fc.property(declaredList.chain(reordered), ([first, second]) => {
      const current = first.map((index) => ({
        ...index,
        origin: 'user' as const,
        isProtected: false,
        state: 'active' as const,
        error: null,
      }))

      assert.ok(changesNothing(diffPayloadIndexes(current, second)))
    }),
  )
})

test('an index that failed is built anew when it is declared again', () => {
  const [index] = [{ fieldName: 'a', path: 'a', schema: defaultSchema('keyword') }]
  const failed: PayloadIndex = {
    ...index,
    origin: 'user',
    isProtected: false,
    state: 'failed',
    error: 'no',
  }

  assert.equal(diffPayloadIndexes([failed], [index]).change.length, 1)
})

/** What must stand afterwards, said without a diff. */
function naive(current: PayloadIndex[], declared: DeclaredIndex[]): string[] {
  const named = new Set(declared.map(({ path }) => path))
  const survivors = current.filter(({ origin, path }) => origin === 'auto' && !named.has(path))
  return [...survivors, ...declared.map((index) => ({ ...index, origin: 'user' as const }))].map(
    meaning,
  )
}

function meaning({
  fieldName,
  path,
  schema,
  origin,
}: Pick<PayloadIndex, 'fieldName' | 'path' | 'schema' | 'origin'>) {
  return JSON.stringify([path, fieldName, schema, origin])
}

function reordered(list: DeclaredIndex[]): fc.Arbitrary<[DeclaredIndex[], DeclaredIndex[]]> {
  return fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
}
