import type { Ports } from '../../../ports/ports.ts'
import { countDocuments } from '../../documents/read.ts'
import type { TracedIndexRead, TracedPass, TracedSearch } from '../../documents/read-trace.ts'
import { isFailure } from '../../failure.ts'
import { rounded } from '../rounded.ts'
import type { ExplainCall } from './explain-conditions.ts'
import { explainFilter } from './explain-filter.ts'
import { explainSearch, type MeasuredSearch } from './explain-search.ts'
import type { StagedRead } from './execution-trace.ts'
import type { ExplainedFilter, ExplainedRead } from './explanation.ts'

/** A read as it is told, and what was measured of it for the reasons of a short answer. */
export interface MeasuredRead {
  explained: ExplainedRead
  search: { searches: MeasuredSearch[]; limit: number } | null
  /** Of documents that were listed. */
  list: ExplainedFilter | null
}

type ReadCall = ExplainCall & { ports: Pick<Ports, 'vectors'> }

/** The reads of an execution, in their order. */
export async function explainReads(
  call: ReadCall,
  reads: readonly StagedRead[],
): Promise<MeasuredRead[]> {
  const searches = reads.filter((read) => read.kind === 'search')
  const testedFor = (plan: TracedPass['plan']) =>
    reads.find(
      (read): read is TracedPass & StagedRead => read.kind === 'pass' && read.plan === plan,
    )
  const isPartOfSearch = (read: StagedRead) =>
    read.kind === 'pass' &&
    searches.some((query) => query.searches.some(({ plan }) => plan === read.plan))
  const measured: MeasuredRead[] = []
  for (const read of reads.filter((each) => !isPartOfSearch(each))) {
    measured.push(
      read.kind === 'search'
        ? await explainQuery(call, read, (plan) => testedFor(plan)?.looked ?? 0)
        : await explainList(call, read),
    )
  }
  return measured
}

async function explainQuery(
  call: ReadCall,
  read: TracedSearch & StagedRead,
  testedFor: (plan: TracedPass['plan']) => number,
): Promise<MeasuredRead> {
  const searches: MeasuredSearch[] = []
  for (const search of read.searches)
    searches.push(await explainSearch(call, read, search, testedFor(search.plan)))
  const count = searches.length
  const how = count === 1 ? 'one search by nearness' : `${count} searches, fused by ${read.fusion}`
  return {
    explained: {
      ...commonOf(read, how),
      searches: searches.map(({ explained }) => explained),
      fusion: read.fusion,
    },
    search: { searches, limit: read.limit },
    list: null,
  }
}

async function explainList(
  call: ReadCall,
  read: (TracedPass | TracedIndexRead) & StagedRead,
): Promise<MeasuredRead> {
  const { scope, plan } = read
  const tested = read.kind === 'pass' && plan.residual ? read.looked : 0
  const found = plan.residual
    ? { candidates: await candidatesOf(call, read) }
    : { exact: plan.engine }
  const filter = await explainFilter(call, scope, read, { tested, ...found })
  const isList = read.kind === 'pass' || read.kind === 'order'
  return {
    explained: { ...commonOf(read, howOf(read)), filter },
    search: null,
    list: isList ? filter : null,
  }
}

/** Counted by another pass; where that would read too many documents, as many as this one found. */
async function candidatesOf(
  { ports, namespace, signal }: ReadCall,
  { scope, filter, found }: (TracedPass | TracedIndexRead) & StagedRead,
): Promise<number> {
  try {
    return await countDocuments(ports, namespace, scope, filter, signal)
  } catch (error) {
    if (isFailure(error, 'bad_request')) return found
    throw error
  }
}

function commonOf(
  { stages, kind, found, durationMs }: StagedRead,
  how: string,
): Omit<ExplainedRead, 'searches' | 'filter'> {
  return { stages, kind, how, found, duration_ms: rounded(durationMs) }
}

function howOf(read: (TracedPass | TracedIndexRead) & StagedRead): string {
  switch (read.kind) {
    case 'pass': {
      const tested = read.plan.residual ? ', each tested here' : ''
      const sort = read.sortedBy ? `; ${unservedSort(read.sortedBy)}` : ''
      return `${read.looked} documents read in the order of their ids${tested}${sort}`
    }
    case 'order':
      return `read in the order of the index on '${read.path}'`
    case 'count':
      return 'counted by the engine'
    case 'values':
      return `values counted by the index on '${read.path}'`
  }
}

function unservedSort(fields: readonly string[]): string {
  const names = fields.map((field) => `'${field}'`).join(', ')
  return fields.length > 1
    ? `sorted here by ${names}, since an index orders by one field`
    : `sorted here by ${names}, since no index is known to hold every value, and one value a document`
}
