import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Bucket } from '../../src/domain/buckets/bucket.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { documentIdOf } from '../../src/domain/documents/document.ts'
import {
  countDocuments,
  retrieveDocuments,
  scanDocuments,
} from '../../src/domain/documents/read.ts'
import { parseFilter } from '../../src/domain/filters/parse-filter.ts'
import { NamespacePatch } from '../../src/domain/namespaces/namespace-request.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import { listObjects } from '../../src/domain/objects/list-objects.ts'
import { objectAnswer } from '../../src/domain/objects/object-answer.ts'
import type { StoredObject } from '../../src/domain/objects/object.ts'
import type { Payload } from '../../src/ports/vector-engine.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { insertObjects } from '../../src/store/objects.ts'
import { documentFields, filters, indexSchemas, withIds } from '../support/filter-cases.ts'
import { naiveAnswer, naiveInputs } from '../support/naive-filter.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'
import { openWrittenNamespace, type WrittenNamespace } from '../support/written-namespace.ts'

/** What a client may write, and have an index on. */
const paths = ['n', 's', 'at', 'list', 'deep.x', 'm']
/** A run takes seconds: of the thousands that a soak asks for, a twentieth. */
const numRuns = Math.ceil(Number(process.env['NACRE_PROPERTY_RUNS'] ?? 1) / 20)

let ports: Ports & AsyncDisposable
before(async () => {
  ports = await openTestPorts()
})
after(async () => await ports[Symbol.asyncDispose]())

/** 24 documents, the same ones anew, indexes before, between and after: exceptions come and go under the filters. */
test('whatever is written through the gate while indexes come and go, filters mean what the contract says', async () => {
  const documents = fc.array(documentFields, { minLength: 24, maxLength: 24 })
  const types = fc.tuple(...paths.map(() => indexSchemas.map(({ type }) => type)))
  const property = fc.asyncProperty(
    documents,
    documents,
    types,
    types,
    fc.array(filters, { minLength: 15, maxLength: 25 }),
    async (first, second, before, later, given) => {
      const written = await openWrittenNamespace(ports, { fields: first })
      const { namespace, pointIds } = written
      await declare(namespace.id, before)
      await checkAll(written, first, given, `first, ${before.join()}`)
      await written.write(second, pointIds)
      await checkAll(written, second, given, `second, ${before.join()}`)
      await declare(namespace.id, later)
      await checkAll(written, second, given, `second, ${before.join()} then ${later.join()}`)
    },
  )
  await fc.assert(property, { numRuns })
})

test('filters of the lists that PostgreSQL keeps mean the same', async () => {
  const { namespace } = await openWrittenNamespace(ports, { fields: [] })
  let buckets = 0
  const property = fc.asyncProperty(
    fc.array(documentFields, { minLength: 1, maxLength: 20 }),
    fc.array(filters, { minLength: 1, maxLength: 20 }),
    async (rows, given) => {
      const bucket = await createBucket(ports, namespace, { bucket_name: `bucket ${buckets++}` })
      const objects = rows.map((fields) => objectOf(bucket, fields))
      await insertObjects(ports.db, objects)
      for (const wire of given) {
        const filter = parseFilter(wire, ['body', 'filters'], { inputs: naiveInputs })
        const page = { limit: 100, offset: 0, cursor: null, includeTotal: true }
        const request = { page, filter, search: null, sort: [] }
        const found = await listObjects(ports, bucket, request)
        const expected = objects.filter((object) => {
          const payload = { ...objectAnswer(object), _internal: objectAnswer(object) }
          return naiveAnswer(wire, { payload, documentId: '' })
        })
        const ids = found.rows.map(({ id }) => id)
        assert.deepEqual(
          ids.toSorted(),
          expected.map(({ id }) => id).toSorted(),
          JSON.stringify(wire),
        )
        assert.equal(found.total, expected.length, JSON.stringify(wire))
      }
    },
  )
  await fc.assert(property, { numRuns: numRuns * 8 })
})

function objectOf(bucket: Bucket, fields: Payload): StoredObject {
  return {
    id: ports.newId('obj'),
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    keyPrefix: null,
    uniqueValue: null,
    fields,
    status: 'DRAFT',
    error: null,
    createdAt: new Date(),
    updatedAt: new Date(),
    blobs: [],
  }
}

async function declare(id: string, types: readonly string[]): Promise<void> {
  const payload_indexes = paths.map((field_name, i) => ({ field_name, type: types[i] }))
  await patchNamespace(ports, await adminOf(ports), id, NamespacePatch.parse({ payload_indexes }))
}

async function checkAll(
  { namespace, pointIds }: WrittenNamespace,
  payloads: readonly Payload[],
  given: readonly unknown[],
  when: string,
): Promise<void> {
  const documentIds = pointIds.map(documentIdOf)
  const whole = { select: null, withVectors: false }
  const stored = await retrieveDocuments(ports, namespace, pointIds, whole)
  for (const each of given) {
    const wire = withIds(each, documentIds)
    const filter = parseFilter(wire, ['body', 'filters'], { inputs: naiveInputs })
    const found: string[] = []
    const scan = { filter, select: [], withVectors: false }
    for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan))
      found.push(...page.map(({ documentId }) => documentId))
    const expected = payloads.flatMap((fields, i) => {
      const documentId = documentIds[i] ?? ''
      const payload = { ...fields, _internal: stored[i]?.payload?.['_internal'] }
      return naiveAnswer(wire, { payload, documentId }) ? [documentId] : []
    })
    assert.deepEqual(found.toSorted(), expected.toSorted(), `${when}: ${JSON.stringify(wire)}`)
    const count = await countDocuments(ports, namespace, { collectionIds: null }, filter)
    assert.equal(count, expected.length, `${when}: ${JSON.stringify(wire)}`)
  }
}
