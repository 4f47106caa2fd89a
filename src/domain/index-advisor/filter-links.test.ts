import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openHotNamespace, currently, patch } from '../../../test/support/hot-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { leafOf } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { readFilterLinks } from '../../store/filter-links.ts'
import { queryDocuments } from '../documents/read.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { flushUsage } from '../query-usage/flush-usage.ts'
import { buildFilterLinks } from './filter-links.ts'
import { fullScanPoints, usesLinks } from './worth-linking.ts'

/** 100 points of two dimensions are compared one by one, so that few documents are enough to go by the graph. */
const smallScan = { full_scan_threshold: 1 }
const documentsTotal = 2_000

describe('buildFilterLinks()', () => {
  test('asks the engine for links of a new index that searches filter by', async () => {
    await using ports = await openTestPorts()
    const namespace = await searched(ports)

    const { built, reason } = await buildFilterLinks(ports, namespace, null)

    assert.equal(built, true, reason)
    assert.equal(await linksOf(ports, namespace), 16)
    const known = await readFilterLinks(ports.db, namespace.id)
    assert.ok(known?.builtAt && known.paths.includes('tag'))
  })

  test('does it once a window, for whoever calls, and then only for indexes that came since', async () => {
    const clock = { ms: Date.parse('2024-03-01T00:00:00Z') }
    await using opened = await openTestPorts()
    const ports: Ports = { ...opened, now: () => new Date(clock.ms) }
    const namespace = await searched(ports)

    const both = await Promise.all([1, 2].map(() => buildFilterLinks(ports, namespace, null)))
    clock.ms += 3_600_000
    const again = await buildFilterLinks(ports, namespace, null)
    clock.ms += 86_400_000
    const nothingNew = await buildFilterLinks(ports, namespace, null)
    await patch(ports, namespace.id, { payload_indexes: [indexOn('tag'), indexOn('kind')] })
    const widened = await currently(ports, namespace.id)
    await search(ports, widened, 'kind')
    const later = await buildFilterLinks(ports, widened, null)

    assert.equal(both.filter(({ built }) => built).length, 1)
    assert.match(again.reason, /were built 60 minutes ago/)
    assert.equal(nothingNew.reason, 'no payload index is new')
    assert.equal(later.built, true, later.reason)
    assert.equal(await linksOf(ports, namespace), 17)
  })

  test('a process that died over it holds nobody up for longer than half an hour', async () => {
    const clock = { ms: Date.parse('2024-03-01T00:00:00Z') }
    await using opened = await openTestPorts()
    const ports: Ports = { ...opened, now: () => new Date(clock.ms) }
    const namespace = await searched(ports)
    await ports.db
      .insertInto('filter_links')
      .values({ namespace_id: namespace.id, paths: ['tag'], begun_at: ports.now(), built_at: null })
      .execute()

    const during = await buildFilterLinks(ports, namespace, null)
    clock.ms += 2_000_000
    const after = await buildFilterLinks(ports, namespace, null)

    assert.deepEqual([during.built, after.built], [false, true])
  })

  test('leaves graphs alone that no search by the index needs', async () => {
    await using ports = await openTestPorts()
    const unasked = await searched(ports, { isAsked: false })
    const few = await searched(ports, { scan: { full_scan_threshold: 10_000 } })
    const narrow = await searched(ports, { tags: 1_000 })
    const wide = await searched(ports, { tags: 1 })

    const reasons = [unasked, few, narrow, wide].map((each) => buildFilterLinks(ports, each, null))

    const [a, b, c, d] = (await Promise.all(reasons)).map(({ reason }) => reason)
    assert.equal(a, 'no search by a dense vector filters by a new index')
    assert.match(b ?? '', /compares up to 1280000 vectors one by one, and there are 2000 documents/)
    assert.match(c ?? '', /look among 2 to 2 of 2000 documents/)
    assert.match(d ?? '', /look among 2000 to 2000 of 2000 documents/)
  })

  test('checks the lease of its caller before it changes anything', async () => {
    await using ports = await openTestPorts()
    const namespace = await searched(ports)
    const lost = { check: () => Promise.reject(new Error('lost')) }

    await assert.rejects(buildFilterLinks(ports, namespace, lost), /lost/)
    assert.equal(await linksOf(ports, namespace), null)
  })
})

describe('what the planner uses links for', () => {
  test('follows from the bytes of the vectors, as the engine counts them', () => {
    assert.equal(fullScanPoints(512, undefined), 5_000)
    assert.equal(fullScanPoints(128, 1_000), 2_000)
    assert.equal(usesLinks(4_999, 100_000, 5_000), false)
    assert.equal(usesLinks(5_000, 100_000, 5_000), true)
    assert.equal(usesLinks(80_000, 100_000, 5_000), false)
  })
})

/** Documents with a tag that is indexed, and recorded searches that filter by it. */
async function searched(
  ports: Ports,
  given: { tags?: number; isAsked?: boolean; scan?: { full_scan_threshold: number } } = {},
): Promise<Namespace> {
  const { tags = 10, isAsked = true, scan = smallScan } = given
  const fields = Array.from({ length: documentsTotal }, (_, n) => ({
    tag: `t${n % tags}`,
    kind: `k${n % 9}`,
  }))
  const hot = await openHotNamespace(ports, fields)
  await ports.vectors.setHnsw(collectionOf(hot.namespace), scan)
  if (isAsked) await search(ports, await currently(ports, hot.namespace.id), 'tag')
  await patch(ports, hot.namespace.id, { payload_indexes: [indexOn('tag')] })
  return await currently(ports, hot.namespace.id)
}

/** Enough of them that their values are kept. */
async function search(ports: Ports, namespace: Namespace, field: 'tag' | 'kind'): Promise<void> {
  const filter = leafOf(field, 'eq', `${field.slice(0, 1)}0`)
  const one = { using: 'own', query: Float32Array.of(1, 1), filter: null, limit: 5, minScore: null }
  const asked = { kind: 'search', retrieverId: null } as const
  const page = { fusion: null, filter, limit: 5, offset: 0, ...idsOnly }
  for (let i = 0; i < 80; i++) {
    await queryDocuments(ports, namespace, everything, { searches: [one], ...page, asked })
    if (i === 60) await flushUsage(ports)
  }
  await flushUsage(ports)
}

const everything = { collectionIds: null }
const idsOnly = { select: [], withVectors: false }

async function linksOf(ports: Ports, namespace: Namespace): Promise<number | null> {
  const there = await ports.vectors.describeCollection(collectionOf(namespace))
  return there?.hnsw_config?.payload_m ?? null
}

function indexOn(field: string) {
  return { field_name: field, type: 'keyword' }
}
