import { all, asEngineFilter } from '../filters/bounds.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import { tapped } from '../query-usage/tapped.ts'
import type { DocumentRecord } from './document.ts'
import {
  countDocuments,
  retrieveDocuments,
  scanDocuments,
  type ReadPorts,
  type Selection,
} from './read.ts'
import { readPoints } from './read-pages.ts'
import type { Scope } from './read-plan.ts'
import { servedValues, type FacetValue, type ServedValues } from './served-values.ts'
import { distinctScalars, mostFrequent, type ValueCount } from './value-counts.ts'

export interface DocumentGroup {
  key: FacetValue
  count: number
  records: DocumentRecord[]
}

export interface GroupRequest extends Selection {
  filter: Filter | null
  field: string
  /** Groups. */
  limit: number
  offset: number
  /** Of a read that a client asked for; `kind` and `fields` follow from the field. */
  asked?: AskedRead
}

/** Documents shown of one group; `count` says how many there are. */
export const groupDocumentsMax = 100

/**
 * Documents by a field's value, largest groups first; a list puts its document into the group of each element, a
 * document without a value is in none. Counted by an index that is known to hold every value; else the field of every
 * document that meets the filter is read: no index needed.
 */
export async function groupDocuments(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: GroupRequest,
  signal?: AbortSignal,
): Promise<GroupedDocuments> {
  const { filter, field, limit, asked } = request
  return await tapped(
    ports,
    namespace,
    asked && { ...asked, kind: 'group', fields: [{ field, use: 'group' }] },
    { filter, scope, limit },
    () => grouped(ports, namespace, scope, request, signal),
    ({ groups, totalDocuments }) => ({ results: groups.length, candidates: totalDocuments }),
  )
}

export interface GroupedDocuments {
  groups: DocumentGroup[]
  totalGroups: number
  totalDocuments: number
}

async function grouped(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: GroupRequest,
  signal: AbortSignal | undefined,
): Promise<GroupedDocuments> {
  const served = await servedValues(ports, namespace, scope, request, signal)
  const found = served
    ? await groupsServed(ports, namespace, scope, request, served, signal)
    : await groupsPassed(ports, namespace, scope, request, signal)
  const { limit, offset } = request
  const shown = mostFrequent(found.groups).slice(offset, offset + limit)
  const groups = await Promise.all(
    shown.map(async ({ value, count, ids }) => ({
      key: value,
      count,
      records: await retrieveDocuments(ports, namespace, await ids(), request, signal),
    })),
  )
  return { groups, totalGroups: found.groups.length, totalDocuments: found.totalDocuments }
}

interface Groups {
  groups: (ValueCount & { ids: () => Promise<string[]> })[]
  totalDocuments: number
}

async function groupsServed(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  { filter }: GroupRequest,
  { key, engine, counts }: ServedValues,
  signal: AbortSignal | undefined,
): Promise<Groups> {
  const groups = [...counts].map(([value, count]) => {
    const wanted = asEngineFilter(all([engine ?? true, { key, match: { value } }]))
    const page = { select: [], limit: groupDocumentsMax, ...(wanted && { filter: wanted }) }
    const ids = async () =>
      (await readPoints(ports, namespace, scope, page, signal)).map(({ pointId }) => pointId)
    return { value, count, ids }
  })
  const totalDocuments = await countDocuments(ports, namespace, scope, filter, signal)
  return { groups, totalDocuments }
}

async function groupsPassed(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  { field, filter }: GroupRequest,
  signal: AbortSignal | undefined,
): Promise<Groups> {
  const members = new Map<FacetValue, { count: number; ids: string[] }>()
  let totalDocuments = 0
  const scan = { filter, select: [field], withVectors: false, isLimited: true }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    totalDocuments += page.length
    for (const record of page) {
      for (const key of distinctScalars(record, field, namespace)) {
        const group = members.get(key) ?? { count: 0, ids: [] }
        group.count += 1
        if (group.ids.length < groupDocumentsMax) group.ids.push(record.pointId)
        members.set(key, group)
      }
    }
  }
  const groups = [...members].map(([value, { count, ids }]) => ({
    value,
    count,
    ids: () => Promise.resolve(ids),
  }))
  return { groups, totalDocuments }
}
