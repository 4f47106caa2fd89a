import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { compose, openLogger } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import type { NewDocument } from '../src/domain/documents/document.ts'
import { countDocuments, queryDocuments } from '../src/domain/documents/read.ts'
import { writeDocuments } from '../src/domain/documents/write.ts'
import type { Filter, Operator } from '../src/domain/filters/filter.ts'
import { createNamespace } from '../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../src/domain/namespaces/namespace-request.ts'
import type { Namespace } from '../src/domain/namespaces/namespace.ts'
import { ensureFirstKey } from '../src/domain/organizations/ensure-first-key.ts'
import type { Principal } from '../src/domain/organizations/principal.ts'
import { takeCensus } from '../src/domain/payload-facts/census.ts'
import type { Ports } from '../src/ports/ports.ts'
import { readFirstOrganization } from '../src/store/organizations.ts'
import { machine, quantile, randomOf, timed } from './support/statistics.ts'

const documentsTotal = 50_000
const dimensions = 128
const queriesEach = 1_000
const writeSize = 1_000
const steps = [0, 1, 10, 100, 1_000] as const
const everywhere = { collectionIds: null }

interface Measured {
  exceptions: number
  countMs: number[]
  searchMs: number[]
}

/**
 * What documents cost that an integer index cannot hold, and that are tested beside it (AI-2): counts and searches by a
 * range of 1 % on 50,000 documents with none, 1, 10, 100 and 1,000 of them, and with one more than may be, where every
 * read looks at the documents.
 */
export async function drift(write: (line: string) => void): Promise<void> {
  write(`# drift: ${documentsTotal} documents, ${dimensions} dimensions (${machine()})\n`)
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-'))
  try {
    const config = readConfig({ ...process.env, NACRE_DATA: folder, NACRE_LOG: 'error' })
    await using composed = await compose(config, openLogger({ level: 'error' }))
    const measured = await measureAll(composed.ports)
    report(write, measured)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureAll(ports: Ports): Promise<Measured[]> {
  const namespace = await filled(ports)
  await takeCensus(ports, namespace, 'n', { schema: { type: 'integer' } })
  const measured: Measured[] = []
  let written = 0
  for (const exceptions of steps) {
    await writeFractions(ports, namespace, exceptions - written)
    written = exceptions
    measured.push({ exceptions, ...(await measure(ports, namespace, queriesEach)) })
  }
  await writeFractions(ports, namespace, 1)
  measured.push({ exceptions: written + 1, ...(await measure(ports, namespace, 20)) })
  return measured
}

async function filled(ports: Ports): Promise<Namespace> {
  const admin = await adminOf(ports)
  const request = NewNamespace.parse({
    namespace_name: 'drift',
    vectors: { own: { dimensions } },
    payload_indexes: [{ field_name: 'n', type: 'integer' }],
  })
  const namespace = await createNamespace(ports, admin, request)
  const random = randomOf(5)
  for (let begin = 0; begin < documentsTotal; begin += writeSize) {
    const documents = Array.from({ length: writeSize }, (_, i) => documentOf(begin + i, random))
    await writeDocuments(ports, namespace, documents)
  }
  return namespace
}

function documentOf(n: number, random: () => number): NewDocument {
  const own = Float32Array.from({ length: dimensions }, () => random() - 0.5)
  const base = { collectionId: 'col_drift', origin: 'api' as const, vectors: { own } }
  return { ...base, id: randomUUID(), fields: { n } }
}

/** Spread over all the values, so that each range has its share of them. */
async function writeFractions(ports: Ports, namespace: Namespace, count: number): Promise<void> {
  const random = randomOf(count)
  const documents = Array.from({ length: count }, () =>
    documentOf(Math.floor(random() * documentsTotal) + 0.5, random),
  )
  if (documents.length > 0) await writeDocuments(ports, namespace, documents)
}

async function measure(
  ports: Ports,
  namespace: Namespace,
  queries: number,
): Promise<Pick<Measured, 'countMs' | 'searchMs'>> {
  const random = randomOf(7)
  const countMs: number[] = []
  const searchMs: number[] = []
  for (let i = 0; i < queries; i++) {
    const from = Math.floor(random() * documentsTotal * 0.99)
    const filter = between(from, from + documentsTotal / 100)
    countMs.push(await timed(() => countDocuments(ports, namespace, everywhere, filter)))
    const query = Float32Array.from({ length: dimensions }, () => random() - 0.5)
    const search = { using: 'own', query, filter: null, limit: 10, minScore: null }
    const selection = { select: [], withVectors: false }
    const request = { searches: [search], fusion: null, filter, limit: 10, offset: 0, ...selection }
    searchMs.push(await timed(() => queryDocuments(ports, namespace, everywhere, request)))
  }
  return { countMs, searchMs }
}

function between(from: number, to: number): Filter {
  const leaf = (operator: Operator, value: number) =>
    ({ kind: 'leaf', field: 'n', operator, value, caseSensitive: null }) as const
  return { kind: 'and', filters: [leaf('gte', from), leaf('lt', to)] }
}

async function adminOf(ports: Ports): Promise<Principal> {
  await ensureFirstKey(ports, { adminKey: 'sk_bench_0123456789abcdef' })
  const organization = await readFirstOrganization(ports.db)
  if (!organization) throw new Error('the first key brings an organization')
  const { id: organizationId, internalId } = organization
  const ids = { userId: 'usr_bench', keyId: 'key_bench' }
  return { organizationId, internalId, ...ids, permissions: ['admin'], scopes: [] }
}

function report(write: (line: string) => void, measured: readonly Measured[]): void {
  write('| exceptions | count p50 ms | p99 | search p50 ms | p99 | queries |')
  write('| ---------: | -----------: | --: | ------------: | --: | ------: |')
  for (const { exceptions, countMs, searchMs } of measured) {
    const cells = [countMs, searchMs].flatMap((ms) => [quantile(ms, 0.5), quantile(ms, 0.99)])
    const figures = cells.map((ms) => ms.toFixed(2)).join(' | ')
    write(`| ${exceptions} | ${figures} | ${countMs.length} |`)
  }
}
