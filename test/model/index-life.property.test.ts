import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { documentIdOf } from '../../src/domain/documents/document.ts'
import { countDocuments, scanDocuments } from '../../src/domain/documents/read.ts'
import { evaluateFilter } from '../../src/domain/filters/evaluate-filter.ts'
import type { Filter } from '../../src/domain/filters/filter.ts'
import { NamespacePatch } from '../../src/domain/namespaces/namespace-request.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import type { IndexType } from '../../src/domain/payload-indexes/payload-index.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'
import { operatorFilters, profiles } from '../support/field-profiles.ts'
import { openWrittenNamespace } from '../support/written-namespace.ts'

const documentsPerProfile = 24

type Fields = Record<string, unknown>

describe('no index changes an answer, in its whole life (AI-1)', () => {
  let ports: Ports & AsyncDisposable

  before(async () => {
    ports = await openTestPorts()
  })
  after(async () => await ports[Symbol.asyncDispose]())

  for (const [type, others] of Object.entries(lives())) {
    test(`40 field profiles by 12 operators: ${type}, more writes, ${others.join(', ')}, dropped`, async () => {
      const fields = Array.from({ length: documentsPerProfile }, (_, i) => documentAt(i))
      const written = await openWrittenNamespace(ports, { fields })
      const { namespace, pointIds } = written
      const documents = new Map(pointIds.map((id, i) => [id, fields[i] ?? {}]))
      const checked = (when: string) => checkAll(ports, namespace, documents, when)

      if (type === 'integer') await checked('without an index')
      await declare(namespace.id, type as IndexType)
      await checked(`with ${type}`)
      // Values move from one document to another, so that what the index could not hold comes and goes.
      const moved = pointIds.map((id, i) => [id, documentAt(i + 7)] as const)
      await written.write(
        moved.map(([, each]) => each),
        pointIds,
      )
      for (const [id, each] of moved) documents.set(id, each)
      await checked(`with ${type}, after writes`)
      for (const other of others) {
        await declare(namespace.id, other)
        await checked(`with ${other} in the place of ${type}`)
      }
      await declare(namespace.id, null)
      await checked('with the index dropped')
    })
  }

  async function declare(id: string, type: IndexType | null): Promise<void> {
    const names = profiles.map(({ name }) => name)
    const payload_indexes = type === null ? [] : names.map((field_name) => ({ field_name, type }))
    await patchNamespace(ports, await adminOf(ports), id, NamespacePatch.parse({ payload_indexes }))
  }
})

/** Each type of index, and what takes its place; in the test line those that leave most behind. */
function lives(): Partial<Record<IndexType, readonly IndexType[]>> {
  const some = { integer: ['float'], keyword: ['integer'], datetime: ['uuid'] } as const
  const more = {
    float: ['keyword'],
    bool: ['keyword'],
    uuid: ['keyword'],
    text: ['uuid'],
    geo: ['integer'],
  } as const
  return process.env['NACRE_PROPERTY_RUNS'] ? { ...some, ...more } : some
}

function documentAt(i: number): Fields {
  return Object.fromEntries(
    profiles.flatMap(({ name, values }): [string, unknown][] => {
      const value = values[i % values.length]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

async function checkAll(
  ports: Ports,
  namespace: Namespace,
  documents: ReadonlyMap<string, Fields>,
  when: string,
): Promise<void> {
  for (const { name } of profiles) {
    const filters = operatorFilters(name)
    await Promise.all(filters.map((filter) => check(ports, namespace, documents, filter, when)))
  }
}

async function check(
  ports: Ports,
  namespace: Namespace,
  documents: ReadonlyMap<string, Fields>,
  filter: Filter,
  when: string,
): Promise<void> {
  const everywhere = { collectionIds: null }
  const expected = idsWhere(documents, filter, namespace)
  const found: string[] = []
  const scan = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, everywhere, scan)) {
    found.push(...page.map(({ pointId }) => pointId))
  }
  assert.deepEqual(found.toSorted(), expected, `${when}: ${JSON.stringify(filter)}`)
  const count = await countDocuments(ports, namespace, everywhere, filter)
  assert.equal(count, expected.length, `${when}: ${JSON.stringify(filter)}`)
}

function idsWhere(
  documents: ReadonlyMap<string, Fields>,
  filter: Filter,
  { id: namespaceId }: Namespace,
): string[] {
  const met = [...documents].filter(([id, fields]) =>
    evaluateFilter(filter, fields, { documentId: documentIdOf(id), namespaceId }),
  )
  return met.map(([id]) => id).toSorted()
}
