import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { changeFields } from '../../src/domain/documents/change-fields.ts'
import { documentIdOf } from '../../src/domain/documents/document.ts'
import { countDocuments, scanDocuments } from '../../src/domain/documents/read.ts'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import { evaluateFilter } from '../../src/domain/filters/evaluate-filter.ts'
import type { Filter, Operator } from '../../src/domain/filters/filter.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NamespacePatch } from '../../src/domain/namespaces/namespace-request.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import { takeCensus } from '../../src/domain/payload-facts/census.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { adminOf } from '../support/principal.ts'
import { openTwoProcesses } from '../support/two-processes.ts'
import {
  leafOf,
  openWrittenNamespace,
  type WrittenNamespace,
} from '../support/written-namespace.ts'

const seeds = Number(process.env['NACRE_PROPERTY_RUNS'] ?? 12)
const writers = 3
const writesEach = 8

/** More of what an integer index holds than of the traps of the engine. */
const whole = [1, 2, 3, 4, 5, 6, 7, 8]
const traps = [
  [5.5, 0.1, -3.25, 1e300, 2 ** 60],
  ['5', '2024-01-01', '2024-06-01T10:00:00Z', '2024-06-01 10:00', 'red'],
  [true, null, [5, 5.5], [1, 9], [], ['2024-03-01', 4], { a: 1 }],
]
const values: readonly unknown[] = [whole, whole, whole, ...traps].flat(1)
const filters: readonly Filter[] = [
  leaf('gte', 5),
  leaf('eq', 5.5),
  leaf('gt', '2024-02-01'),
  { kind: 'and', filters: [leaf('gte', 5), leaf('lte', 6)] },
  { kind: 'not', filters: [leaf('lt', 5)] },
  { kind: 'or', filters: [leaf('lt', 2), { kind: 'not', filters: [leaf('gte', '2024-01-01')] }] },
  leaf('in', [3, 5.5, '5']),
]
const indexes = ['integer', 'float', 'datetime', 'keyword', null] as const

describe('no read is wrong after an acknowledged write (AI-2)', () => {
  let stack: AsyncDisposableStack
  let processes: readonly [Ports, Ports]
  let one: Ports

  before(async () => {
    stack = new AsyncDisposableStack()
    const two = stack.use(await openTwoProcesses({ isDeaf: true }))
    processes = two.processes
    one = alone(processes[0])
  })
  after(async () => await stack.disposeAsync())

  test('in one process, while its index changes', async () => {
    for (let seed = 0; seed < seeds; seed++) await drift([one, one], seed)
  })

  test('in two processes on one database and one engine that hear of each other late, while the index changes', async () => {
    for (let seed = 0; seed < seeds; seed++) await drift(processes, seed)
  })

  test('with more exceptions than may be', async () => {
    const few = processes.map((ports) => ({
      ...ports,
      config: { ...ports.config, indexExceptionsMax: 3 },
    }))
    for (let seed = 0; seed < seeds / 4; seed++) await drift([few[0] ?? one, few[1] ?? one], seed)
  })
})

/** As the embedded product is: nobody else reads, and nothing is waited for. */
function alone({ cache, ...ports }: Ports): Ports {
  return {
    ...ports,
    cache: {
      get: (noun, key, load) => cache.get(noun, key, load),
      peek: (noun, key) => cache.peek(noun, key),
      forget: (noun) => cache.forget(noun),
      isShared: () => false,
      [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
    },
  }
}

/** Writers of documents of their own ask the other process for each right after its write, while indexes change. */
async function drift([a, b]: readonly [Ports, Ports], seed: number): Promise<void> {
  const random = randomOf(seed)
  const fields = Array.from({ length: 20 }, (_, i) => ({ n: i % 10 }))
  const written = await openWrittenNamespace(a, { fields })
  await declare(a, written.namespace, 'integer')
  const asking = Array.from({ length: writers }, (_, i) => {
    const [writer, reader] = i % 2 === 0 ? [a, b] : [b, a]
    return writeAndAsk({ writer, reader, written, random, seed })
  })
  const isOver = { now: false }
  const changing = changeIndexes([a, b], written.namespace, random, isOver)
  try {
    await Promise.all(asking)
  } finally {
    isOver.now = true
    await changing
  }
}

async function writeAndAsk({
  writer,
  reader,
  written: { namespace, collectionId },
  random,
  seed,
}: {
  writer: Ports
  reader: Ports
  written: WrittenNamespace
  random: () => number
  seed: number
}): Promise<void> {
  const id = randomUUID()
  for (let i = 0; i < writesEach; i++) {
    const fields = { n: pick(values, random) }
    if (i > 0 && random() < 0.4) {
      await changeFields(writer, namespace, [id], { kind: 'replace', fields })
    } else {
      const document = { id, collectionId, origin: 'api' as const, fields, vectors: {} }
      await writeDocuments(writer, namespace, [document])
    }
    for (const filter of [pick(filters, random), pick(filters, random)]) {
      const expected = evaluateFilter(filter, fields)
      const told = `seed ${seed}: ${JSON.stringify(fields)} by ${JSON.stringify(filter)}`
      assert.equal(await finds(reader, namespace, id, filter), expected, told)
    }
  }
}

/** By the id as well, and among all. */
async function finds(
  ports: Ports,
  namespace: Namespace,
  id: string,
  filter: Filter,
): Promise<boolean> {
  const everywhere = { collectionIds: null }
  const isIt = leafOf('document_id', 'eq', documentIdOf(id))
  const both: Filter = { kind: 'and', filters: [filter, isIt] }
  const counted = await countDocuments(ports, namespace, everywhere, both)
  let isListed = false
  const scan = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, everywhere, scan)) {
    isListed ||= page.some(({ pointId }) => pointId === id)
  }
  assert.equal(counted === 1, isListed, JSON.stringify(filter))
  return isListed
}

async function changeIndexes(
  processes: readonly [Ports, Ports],
  namespace: Namespace,
  random: () => number,
  isOver: { readonly now: boolean },
): Promise<void> {
  while (!isOver.now) {
    const ports = pick(processes, random)
    const type = pick(indexes, random)
    await declare(ports, namespace, type)
    if (type !== null && random() < 0.5) {
      await takeCensus(ports, namespace, 'n', { schema: { type } })
    }
  }
}

async function declare(
  ports: Ports,
  { id }: Namespace,
  type: (typeof indexes)[number],
): Promise<void> {
  const payload_indexes = type === null ? [] : [{ field_name: 'n', type }]
  await patchNamespace(ports, await adminOf(ports), id, NamespacePatch.parse({ payload_indexes }))
}

function leaf(operator: Operator, value: unknown): Filter {
  return leafOf('n', operator, value)
}

function pick<T>(list: readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed + 0x6d2b79f5
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
