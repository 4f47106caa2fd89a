import type { Filter } from '../../src/domain/filters/filter.ts'
import { parseFilter } from '../../src/domain/filters/parse-filter.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { flushUsage } from '../../src/domain/query-usage/flush-usage.ts'
import { recordRead } from '../../src/domain/query-usage/record-read.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readNamespaceById } from '../../src/store/namespaces.ts'

export interface CpuRow {
  name: string
  /** Of this process, all threads, its share of writing included. */
  cpuUs: number
}

const times = 200_000
const leaf = (field: string, operator: string, value: unknown) => ({ field, operator, value })
const filters: readonly { name: string; isAuto: boolean; filter: (i: number) => unknown }[] = [
  { name: 'one condition', isAuto: false, filter: (i) => ({ brand: `brand ${i % 50}` }) },
  {
    name: 'two conditions',
    isAuto: false,
    filter: (i) => ({ AND: [{ brand: `brand ${i % 50}` }, leaf('price', 'gte', i % 100)] }),
  },
  {
    name: 'two conditions, samples kept',
    isAuto: true,
    filter: (i) => ({ AND: [{ brand: `brand ${i % 50}` }, leaf('price', 'gte', i % 100)] }),
  },
  {
    name: 'six conditions, one of dates',
    isAuto: false,
    filter: (i) => ({
      AND: [
        { brand: `brand ${i % 50}` },
        leaf('price', 'gte', i % 100),
        leaf('price', 'lt', 100 + i),
        leaf('created_at', 'gte', '2024-01-31T10:00:00Z'),
        { OR: [{ color: 'red' }, { color: 'blue' }] },
      ],
    }),
  },
  { name: 'a new field each time', isAuto: false, filter: (i) => ({ [`field_${i}`]: i }) },
]

/** CPU time of recording one read, for reads of several kinds; the first namespace that there is, stands for all. */
export async function cpuPerRead(ports: Ports): Promise<CpuRow[]> {
  const row = await ports.db.selectFrom('namespaces').select('id').executeTakeFirstOrThrow()
  const namespace = await readNamespaceById(ports.db, row.id)
  if (!namespace) throw new Error('the namespace is gone')
  const rows: CpuRow[] = []
  for (const { name, isAuto, filter } of filters) {
    // Parsed before: a read has its filter whether or not it is recorded.
    const parsed = Array.from({ length: 10_000 }, (_, i) => parseFilter(filter(i), ['body']))
    const place = { ...namespace, autoCreateIndexes: isAuto }
    await recordAll(ports, place, parsed)
    rows.push({ name, cpuUs: await recordAll(ports, place, parsed) })
  }
  return rows
}

async function recordAll(
  ports: Ports,
  namespace: Namespace,
  parsed: readonly (Filter | null)[],
): Promise<number> {
  await flushUsage(ports)
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) {
    recordRead(ports, namespace, {
      asked: { kind: 'list', retrieverId: null },
      filter: parsed[i % parsed.length] ?? null,
      scope: { collectionIds: ['col_1'] },
      using: null,
      limit: 10,
      durationMs: 1 + (i % 7),
      results: 10,
      candidates: null,
    })
  }
  await flushUsage(ports)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}
