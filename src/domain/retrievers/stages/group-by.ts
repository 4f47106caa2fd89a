import { z } from 'zod'
import type { FacetValue } from '../../documents/served-values.ts'
import { groupDocumentsMax } from '../../documents/group-documents.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import { readSelection } from '../read-selection.ts'
import type { FoundDocument, Selection, StageResult } from '../stage.ts'
import { stage } from '../stage.ts'
import { numberIn } from './document-values.ts'
import { inGroups, keptOf, listGroups } from './feature-groups.ts'
import { groupFound, type FoundGroup } from './group-found.ts'
import { sortByScore } from './sort-relevance.ts'

const parameters = {
  group_by_field: z.string().min(1).default('source_object_id'),
  max_per_group: z.int().min(1).max(1_000).default(10),
  output_mode: z.enum(['first', 'all', 'flatten']).default('all'),
  max_groups: z.int().min(1).max(10_000).default(100),
  /** Absent: by score where documents have one, else the largest first. */
  sort_groups_by: z.enum(['count', 'field', 'score']).optional(),
  sort_order: z.enum(['desc', 'asc']).default('desc'),
  sort_docs_by: z.string().min(1).default('score'),
}
const groupByParameters = z.object(parameters)
type GroupByParameters = z.infer<typeof groupByParameters>

/** Contract 18, group_by: documents beside those that share a value, best first within their group. */
export const groupByStage = stage({
  stageId: 'group_by',
  category: 'reduce',
  description: 'Groups documents by the value of a field',
  icon: 'group',
  parameters,
  aliases: {
    field: 'group_by_field',
    group_by: 'group_by_field',
    docs_per_group: 'max_per_group',
    limit: 'max_groups',
  },
  leavesAtMost: ({ output_mode: mode, max_per_group: most, max_groups: groups }, input) =>
    Math.min(input, groups * (mode === 'first' ? 1 : most)),
  async run(call, given, selection) {
    const { group_by_field: field, output_mode: mode, max_groups: limit } = given
    if (selection.kind === 'unread' && isCountedByGate(selection, given)) {
      const scope = { filter: selection.filter, collectionIds: call.collectionIds }
      const max_per_group = given.max_per_group
      return await listGroups(call, scope, { field, max_per_group, limit, output_mode: mode })
    }
    const documents = await readSelection(call, selection)
    return grouped(documents, given, call.namespace)
  },
})

/** Groups of everything, the largest first, are counted where the documents are, however many there are. */
function isCountedByGate(
  selection: Extract<Selection, { kind: 'unread' }>,
  { max_per_group: most, sort_groups_by: by, sort_order: order, sort_docs_by }: GroupByParameters,
): boolean {
  const isWhole = selection.limit === null && selection.offset === 0 && selection.sort.length === 0
  const isLargestFirst = (by === undefined || by === 'count') && order === 'desc'
  return isWhole && isLargestFirst && most <= groupDocumentsMax && sort_docs_by === 'score'
}

function grouped(
  documents: readonly FoundDocument[],
  given: GroupByParameters,
  namespace: Namespace,
): StageResult {
  const { group_by_field: field, max_per_group: most, max_groups: limit, output_mode: mode } = given
  const scored = documents.map((document) => ({
    document,
    score: numberIn(document, given.sort_docs_by, namespace),
  }))
  const ordered = sortByScore(scored, 'desc', 'bottom').map(({ document }) => document)
  const { groups, withoutValue } = groupFound(ordered, { field, maxPerGroup: most }, namespace)
  const isScored = documents.some(({ score }) => score !== null)
  const by = given.sort_groups_by ?? (isScored ? 'score' : 'count')
  const shown = sortGroups(groups, by, given.sort_order).slice(0, limit)
  const kept = shown.map((group) => ({ ...group, documents: keptOf(group.documents, mode) }))
  const left = inGroups(kept, field, mode)
  const figures = {
    total_groups: groups.length,
    total_documents: documents.length,
    without_value: withoutValue,
  }
  const message = `${documents.length} documents are in ${groups.length} groups by ${field}, ${withoutValue} of them in none; ${left.length} were left in groups.`
  return {
    selection: { kind: 'read', documents: left },
    metadata: { ...figures, field },
    losses: [{ reason: 'groups', message, figures: { ...figures, left: left.length } }],
  }
}

/** `score`: by the best score in each, groups without one last. Equal ones stay in the order they were found. */
function sortGroups(
  groups: readonly FoundGroup<FoundDocument>[],
  by: 'count' | 'field' | 'score',
  order: 'desc' | 'asc',
): FoundGroup<FoundDocument>[] {
  if (by === 'field') {
    const sign = order === 'desc' ? -1 : 1
    return groups.toSorted((a, b) => sign * compareKeys(a.key, b.key))
  }
  const weighed = groups.map((group) => ({
    group,
    score: by === 'count' ? group.count : bestScore(group),
  }))
  return sortByScore(weighed, order, 'bottom').map(({ group }) => group)
}

function bestScore({ documents }: FoundGroup<FoundDocument>): number | null {
  return documents.reduce<number | null>(
    (best, { score }) => (score === null ? best : Math.max(best ?? -Infinity, score)),
    null,
  )
}

function compareKeys(a: FacetValue, b: FacetValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}
