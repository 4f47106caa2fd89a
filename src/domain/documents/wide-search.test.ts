import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import { leafOf, openWrittenNamespace } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { queryDocuments } from './read.ts'

/** 12 MB of vectors: below 10 the engine builds no graph. */
const dimensions = 512
const documentsTotal = 6_000
const searchesTotal = 40
const triesMax = 100

test('a filtered search through a graph without links for the filter finds nearly all of the nearest', async () => {
  await using opened = await openTestPorts()
  const fields = Array.from({ length: documentsTotal }, (_, n) => ({ tenth: n % 10 }))
  const { namespace } = await openWrittenNamespace(opened, { dimensions, fields })
  // 200 points are compared one by one: the 600 that meet the filter are looked for in the graph.
  const graph = { full_scan_threshold: Math.ceil((200 * dimensions * 4) / 1024) }
  await opened.vectors.setHnsw(collectionOf(namespace), graph)
  const config = { ...opened.config, wideSearchPercentMax: 0 }
  let narrow = 1
  // The adapter optimizes by itself as well: whose turn it is, the graph is there when a search can miss something.
  for (let tries = 0; narrow === 1 && tries < triesMax; tries++) {
    await opened.vectors.optimize(collectionOf(namespace))
    narrow = await recall({ ...opened, config }, namespace)
  }

  const wide = await recall(opened, namespace)

  assert.ok(wide >= 0.9, `recall ${wide}`)
  assert.ok(wide > narrow, `wide ${wide}, as the engine does by itself ${narrow}`)
})

async function recall(ports: Ports, namespace: Namespace): Promise<number> {
  const filter = leafOf('tenth', 'eq', 3)
  let found = 0
  for (let n = 0; n < searchesTotal; n++) {
    const query = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(n * 7 + i * 13))
    const near = { query: { nearest: query }, using: 'own', limit: 10, with_payload: false }
    const exact = await ports.vectors.query(collectionOf(namespace), {
      ...near,
      filter: { must: [{ key: 'tenth', match: { value: 3 } }] },
      params: { exact: true },
    })
    const truth = new Set(exact.map(({ id }) => String(id)))
    const one = { using: 'own', query, filter, limit: 10, minScore: null }
    const request = { searches: [one], fusion: null, filter: null, limit: 10, offset: 0 }
    const selection = { select: [], withVectors: false }
    const everything = { collectionIds: null }
    const page = await queryDocuments(ports, namespace, everything, { ...request, ...selection })
    found += page.filter(({ pointId }) => truth.has(pointId)).length
  }
  return found / (searchesTotal * 10)
}
