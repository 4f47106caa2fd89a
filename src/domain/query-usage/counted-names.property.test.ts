import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CountedNames, type Counted, type SharedMemory } from './counted-names.ts'

test('names that fit are counted exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 300 }), (names) => {
      const counted = count(names, { namesMax: 10_000 })

      assert.deepEqual(
        counted,
        new Map([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length])),
      )
    }),
  )
})

test('frequent names are found among a hundred thousand others, no count is too large by more than said', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const memory = memoryOf()
      const table = new CountedNames<Named>(memory, 64, 'a ')
      const names = shuffled(seed, [
        ...Array.from({ length: 100_000 }, (_, i) => `rare ${i}`),
        ...Array.from({ length: 32 * 100 }, (_, i) => `hot ${i % 32}`),
      ])
      for (const name of names) countOne(table, name)
      const kept = new Map(table.take().map((one) => [one.name, one]))

      for (let i = 0; i < 32; i++) {
        const one = kept.get(`hot ${i}`)
        assert.ok(one, `hot ${i} is kept`)
        assert.ok(one.count >= 99, `at least: ${one.count}`)
        assert.ok(one.count <= 100 + one.countError, `at most: ${one.count} - ${one.countError}`)
        assert.ok(one.count <= 110, `nearly exact: ${one.count}`)
      }
    }),
    { numRuns: 3 },
  )
})

test('what one table is full of takes no room from another', () => {
  const memory = memoryOf()
  const full = new CountedNames<Named>(memory, 8, 'a ')
  const other = new CountedNames<Named>(memory, 8, 'b ')
  for (let i = 0; i < 10_000; i++) countOne(full, `name ${i}`)
  for (let i = 0; i < 8; i++) countOne(other, `name ${i}`)

  assert.equal(full.size, 8)
  assert.deepEqual(
    other.take().map(({ count: times }) => times),
    Array.from({ length: 8 }, () => 1),
  )
  full.take()
  assert.equal(memory.bytes, 0)
})

interface Named extends Counted {
  name: string
}

function count(names: readonly string[], { namesMax }: { namesMax: number }): Map<string, number> {
  const table = new CountedNames<Named>(memoryOf(), namesMax, 'a ')
  for (const name of names) countOne(table, name)
  return new Map(table.take().map(({ name, count: times }) => [name, times]))
}

function countOne(table: CountedNames<Named>, name: string): void {
  const entry = table.entry(name, 1, () => ({ name, count: 0, countError: 0, size: 1 }))
  if (entry) entry.count += 1
}

function memoryOf(): SharedMemory {
  return { bytes: 0, bytesMax: 1_000_000, isFull: false, sketch: null }
}

function shuffled(seed: number, names: string[]): string[] {
  let state = seed | 1
  for (let i = names.length - 1; i > 0; i--) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9
    const j = (state >>> 0) % (i + 1)
    const [a = '', b = ''] = [names[i], names[j]]
    names[i] = b
    names[j] = a
  }
  return names
}
