import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { growsData } from './route.ts'
import { routes } from './routes.ts'

describe('while the disk has no room', () => {
  const refused = new Set(routes.filter(growsData).map(({ operationId }) => operationId))

  test('what makes data grow is refused', () => {
    const growing = ['createNamespace', 'createObject', 'createDocument', 'importDocuments']
    assert.deepEqual(
      growing.filter((operation) => !refused.has(operation)),
      [],
    )
  })

  test('nothing is refused that reads or deletes, or that makes room or saves data', () => {
    const isAllowed = ({ access, method }: (typeof routes)[number]) =>
      access === 'read' || access === 'delete' || access === 'public' || method === 'DELETE'
    const allowed = routes.filter(isAllowed).map(({ operationId }) => operationId)
    const helping = ['cancelBatch', 'undeployPlugin', 'rotateApiKey', 'dumpNamespace']
    const operations = routes.map(({ operationId }) => operationId)
    assert.deepEqual(
      [...allowed, ...helping].filter((operation) => refused.has(operation)),
      [],
    )
    assert.deepEqual(
      helping.filter((operation) => !operations.includes(operation)),
      [],
    )
  })
})
