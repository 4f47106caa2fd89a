import { z } from 'zod'
import type { DocumentRecord } from '../../documents/document.ts'
import { groupDocuments, groupDocumentsMax } from '../../documents/group-documents.ts'
import type { Filter } from '../../filters/filter.ts'
import type { FoundDocument, Loss, StageCall, StageResult } from '../stage.ts'
import { groupFound, type FoundGroup, type FoundGroups } from './group-found.ts'
import { documentsOf, runSearches, type ReadySearches } from './run-searches.ts'

/** Contract 18, group_by of feature_search; no index is needed. */
export const GroupBy = z.strictObject({
  field: z.string().min(1),
  max_per_group: z.int().min(1).max(100).default(1),
  limit: z.int().min(1).max(500).default(25),
  output_mode: z.enum(['first', 'all', 'flatten']).default('all'),
})
export type GroupBy = z.infer<typeof GroupBy>
export type OutputMode = GroupBy['output_mode']

/**
 * The best groups, in the order of their best documents. One search is asked for more until there are enough groups,
 * each of them full, or no more documents; a fusion has the documents that its searches bring (top_k).
 */
export async function searchGroups(
  call: StageCall,
  ready: ReadySearches,
  groupBy: GroupBy,
): Promise<StageResult> {
  const { field, max_per_group: most, limit } = groupBy
  const { namespace, ports } = call
  const [search] = ready.searches
  const depthMax = ports.config.stageDocumentsMax
  let depth =
    ready.searches.length === 1
      ? Math.min(depthMax, Math.max(search?.limit ?? 0, limit * most))
      : ready.searches.reduce((sum, one) => sum + one.limit, 0)
  for (;;) {
    const searches = ready.searches.map((one, _, all) =>
      all.length === 1 ? { ...one, limit: depth } : one,
    )
    const found = await runSearches(call, { ...ready, searches }, { limit: depth, select: [field] })
    const grouped = groupFound(found, { field, maxPerGroup: most }, namespace)
    const isOver = ready.searches.length !== 1 || found.length < depth || depth >= depthMax
    if (isOver || isFull(grouped, limit, most)) {
      const metadata = {
        candidates: found.length,
        without_value: grouped.withoutValue,
        groups_found: grouped.groups.length,
      }
      return await answered(call, grouped.groups.slice(0, limit), groupBy, metadata)
    }
    depth = Math.min(depthMax, depth * 4)
  }
}

function isFull({ groups }: FoundGroups<unknown>, limit: number, most: number): boolean {
  const wanted = groups.slice(0, limit)
  return wanted.length === limit && wanted.every(({ documents }) => documents.length >= most)
}

async function answered(
  call: StageCall,
  groups: readonly FoundGroup<DocumentRecord>[],
  { field, output_mode: mode }: GroupBy,
  metadata: GroupFigures,
): Promise<StageResult> {
  const kept = groups.map((group) => ({ ...group, documents: keptOf(group.documents, mode) }))
  const ids = new Set(kept.flatMap(({ documents }) => documents.map(({ pointId }) => pointId)))
  const full = await documentsOf(call, [...ids], null)
  const byId = new Map(full.map((record) => [record.pointId, record]))
  const read = kept.map((group) => ({
    ...group,
    documents: group.documents.flatMap(({ pointId, score }) => {
      const record = byId.get(pointId)
      return record ? [{ ...record, score }] : []
    }),
  }))
  const documents = inGroups(read, field, mode)
  return {
    selection: { kind: 'read', documents },
    metadata: { group_by: field, ...metadata },
    losses: [groupLoss(field, metadata, documents.length)],
  }
}

function groupLoss(
  field: string,
  { candidates, without_value = 0, groups_found: groups }: GroupFigures,
  left: number,
): Loss {
  const message = `${candidates} documents are in ${groups} groups by ${field}, ${without_value} of them in none; ${left} were left in groups.`
  return { reason: 'groups', message, figures: { candidates, without_value, groups, left } }
}

interface GroupFigures {
  candidates: number
  without_value?: number
  groups_found: number
}

/** Filter-only mode: the largest groups of all that meets the filter. */
export async function listGroups(
  { ports, namespace, withVectors, retrieverId, signal }: StageCall,
  { filter, collectionIds }: { filter: Filter | null; collectionIds: readonly string[] | null },
  { field, max_per_group: most, limit, output_mode: mode }: GroupBy,
): Promise<StageResult> {
  const asked = { kind: 'list' as const, retrieverId }
  const request = { filter, field, limit, offset: 0, select: null, withVectors, asked }
  const scope = { collectionIds }
  const found = await groupDocuments(ports, namespace, scope, request, signal)
  const groups = found.groups.map(({ key, count, records }) => ({
    key,
    count,
    documents: keptOf(records.slice(0, Math.min(most, groupDocumentsMax)), mode),
  }))
  const metadata = {
    candidates: found.totalDocuments,
    groups_found: found.totalGroups,
  }
  const documents = inGroups(groups, field, mode)
  return {
    selection: { kind: 'read', documents },
    metadata: { group_by: field, ...metadata },
    losses: [groupLoss(field, metadata, documents.length)],
  }
}

export function keptOf<T>(documents: readonly T[], mode: OutputMode): T[] {
  return mode === 'first' ? documents.slice(0, 1) : [...documents]
}

/** Groups laid out flat, each document telling which it belongs to; `flatten` does not answer them besides. */
export function inGroups(
  groups: readonly FoundGroup<DocumentRecord>[],
  field: string,
  mode: OutputMode,
): FoundDocument[] {
  return groups.flatMap(({ key, count, documents }) =>
    documents.map((document) => ({
      ...document,
      group: { field, key, count, isFlat: mode === 'flatten' },
    })),
  )
}
