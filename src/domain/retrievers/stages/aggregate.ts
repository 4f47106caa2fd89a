import { z } from 'zod'
import { aggregateFunctions } from '../../aggregate/accumulators.ts'
import { comparePlaces, sortKeyOf } from '../../documents/document-order.ts'
import { scanDocuments } from '../../documents/read.ts'
import { invalid } from '../../failure.ts'
import { suggestion } from '../../nearest-name.ts'
import { isRecord } from '../../parse-parameters.ts'
import type { AskedRead } from '../../query-usage/asked-read.ts'
import { tapped } from '../../query-usage/tapped.ts'
import { readSelection } from '../read-selection.ts'
import type { Aggregation, Location, Selection, StageCall } from '../stage.ts'
import { stage } from '../stage.ts'
import { DocumentAggregate, type GroupKey, type Metric } from './aggregate-documents.ts'

const Metrics = z.strictObject({
  function: z.enum(aggregateFunctions),
  field: z.string().min(1).nullish(),
  alias: z.string().min(1),
})
const Group = z.strictObject({ field: z.string().min(1), alias: z.string().min(1).nullish() })
const parameters = {
  aggregations: z.array(Metrics).min(1).max(50),
  group_by: z.array(Group).max(10).default([]),
  sort_by: z.string().min(1).optional(),
  sort_order: z.enum(['desc', 'asc']).default('desc'),
  limit: z.int().min(1).max(1_000).optional(),
  include_documents: z.boolean().default(false),
}
const aggregateParameters = z.object(parameters)
type Given = z.infer<typeof aggregateParameters>

/** Contract 18, aggregate: numbers over all documents that reach it, also those that nobody had to read for it. */
export const aggregateStage = stage({
  stageId: 'aggregate',
  category: 'reduce',
  description: 'Counts, adds up and collects values over the documents, in groups or as a whole',
  icon: 'sigma',
  parameters,
  aliases: { metrics: 'aggregations', sort_direction: 'sort_order' },
  normalise: normaliseAggregate,
  check: checkAggregate,
  leavesAtMost: ({ include_documents: isKept }, input) => (isKept ? input : 0),
  async run(call, given, selection) {
    const aggregate = new DocumentAggregate(groupsOf(given), metricsOf(given), call.namespace, {
      valuesMax: call.ports.config.aggregateValuesMax,
    })
    const left = await addAll(call, given, selection, aggregate)
    const aggregation = answered(aggregate.results(), given)
    const figures = { documents: aggregate.items }
    const message = `${aggregate.items} documents were computed into numbers; include_documents keeps them.`
    return {
      selection: given.include_documents ? left : { kind: 'read', documents: [] },
      aggregation,
      metadata: { ...figures, total_groups: aggregation.total_groups },
      losses: given.include_documents ? [] : [{ reason: 'aggregate', message, figures }],
    }
  },
})

async function addAll(
  call: StageCall,
  given: Given,
  selection: Selection,
  aggregate: DocumentAggregate,
): Promise<Selection> {
  if (!given.include_documents && isWhole(selection)) {
    const { ports, namespace, collectionIds, retrieverId, signal } = call
    const fields = [...given.aggregations, ...given.group_by].flatMap(({ field }) => field ?? [])
    const { filter } = selection
    const scan = { filter, select: fields, withVectors: false, isLimited: true }
    const asked: AskedRead = {
      kind: 'aggregate',
      retrieverId,
      fields: given.group_by.map(({ field }) => ({ field, use: 'group' })),
    }
    await tapped(
      ports,
      namespace,
      asked,
      { filter, scope: { collectionIds }, limit: null },
      async () => {
        for await (const page of scanDocuments(ports, namespace, { collectionIds }, scan, signal))
          for (const document of page) aggregate.add(document)
      },
      () => ({ results: aggregate.items, candidates: aggregate.items }),
    )
    return selection
  }
  const documents = await readSelection(call, selection)
  for (const document of documents) aggregate.add(document)
  return { kind: 'read', documents }
}

/** All that meets a filter, in no order: it is passed over, however much it is. */
function isWhole(selection: Selection): selection is Extract<Selection, { kind: 'unread' }> {
  if (selection.kind === 'read') return false
  return selection.limit === null && selection.offset === 0 && selection.sort.length === 0
}

function answered(results: Aggregation['results'], given: Given): Aggregation {
  const { sort_by: by, sort_order: direction, limit } = given
  const compare = comparePlaces([{ field: by ?? '', direction }])
  const placed = results.map((one) => ({
    one,
    place: { keys: [sortKeyOf(one.metrics[by ?? ''] ?? one.group[by ?? ''])], pointId: '' },
  }))
  const sorted = by === undefined ? placed : placed.toSorted((a, b) => compare(a.place, b.place))
  return { results: sorted.map(({ one }) => one).slice(0, limit), total_groups: results.length }
}

function metricsOf({ aggregations }: Given): Metric[] {
  return aggregations.map(({ field, ...one }) => ({ ...one, field: field ?? null }))
}

function groupsOf({ group_by: groups }: Given): GroupKey[] {
  return groups.map(({ field, alias }) => ({ field, alias: alias ?? field }))
}

function checkAggregate(given: Given, location: Location): void {
  for (const [i, { function: name, field }] of given.aggregations.entries()) {
    if (name !== 'count' && (field === undefined || field === null)) {
      const at = [...location, 'aggregations', i, 'field']
      throw invalid(at, `is missing: ${name} needs a field`, 'missing')
    }
  }
  const names = [...metricsOf(given), ...groupsOf(given)].map(({ alias }) => alias)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw invalid([...location, 'aggregations'], `has '${twice}' twice`, 'ambiguous')
  const { sort_by: by } = given
  if (by === undefined || names.includes(by)) return
  const hint = `is no alias of this stage${suggestion(by, names)}; there are ${names.join(', ')}`
  throw invalid([...location, 'sort_by'], hint, 'invalid_value')
}

/** `group_by: 'field'`, and the words of older pages for a function and its alias (contract 18). */
function normaliseAggregate(given: Record<string, unknown>): Record<string, unknown> {
  const { group_by: groups, ...rest } = given
  const key = rest['aggregations'] === undefined ? 'metrics' : 'aggregations'
  const metrics = rest[key]
  const isNamed = typeof groups === 'string' || Array.isArray(groups)
  return {
    ...rest,
    ...(groups !== undefined && {
      group_by: isNamed
        ? [groups].flat().map((one: unknown) => (typeof one === 'string' ? { field: one } : one))
        : groups,
    }),
    ...(Array.isArray(metrics) && { [key]: metrics.map(normaliseMetric) }),
  }
}

function normaliseMetric(given: unknown): unknown {
  if (!isRecord(given)) return given
  const { type, name, function: called = type, alias = name, ...rest } = given
  const word = called === 'cardinality' ? 'count_distinct' : called
  const own = typeof rest['field'] === 'string' ? `${String(word)}_${rest['field']}` : word
  return { ...rest, function: word, alias: alias ?? own }
}
