import { z } from 'zod'
import { invalid } from '../../failure.ts'
import type { Filter } from '../../filters/filter.ts'
import { operators } from '../../filters/filter.ts'
import { filterLimits } from '../../filters/filter-limits.ts'
import { parseFilter } from '../../filters/parse-filter.ts'
import { keptBy } from '../keep-documents.ts'
import { readSelection } from '../read-selection.ts'
import type { Location } from '../stage.ts'
import { both, stage } from '../stage.ts'

/** Contract 18, attribute_filter; before anything is read it becomes part of the one request to the engine. */
export const attributeFilterStage = stage({
  stageId: 'attribute_filter',
  category: 'filter',
  description: 'Keeps the documents whose fields fit a condition, however many there are',
  icon: 'filter',
  parameters: {
    field: z.string().min(1).optional(),
    operator: z.enum(operators).optional(),
    value: z.unknown().optional(),
    conditions: z.unknown().optional(),
    batch_size: z.int().min(1).max(1000).optional(),
    case_insensitive: z.boolean().default(false),
  },
  aliases: { filters: 'conditions', filter: 'conditions' },
  check(parameters, location) {
    parseFilter(conditionOf(parameters, location), [...location])
  },
  async run(call, parameters, selection) {
    const given = conditionOf(parameters, call.location)
    const limits = filterLimits(call.ports.config)
    const parsed = parseFilter(given, [...call.location], { inputs: call.inputs, limits })
    const filter = both(call.preFilter, parsed && withCase(parsed, !parameters.case_insensitive))
    if (filter === null) return { selection }
    if (selection.kind === 'unread' && selection.limit === null && selection.offset === 0) {
      return { selection: { ...selection, filter: both(selection.filter, filter) } }
    }
    const documents = await readSelection(call, selection)
    const kept = await keptBy(filter, documents, call.namespace, call.signal)
    return { selection: { kind: 'read', documents: kept } }
  },
})

type Parameters = {
  field?: string | undefined
  operator?: string | undefined
  value?: unknown
  conditions?: unknown
}

function conditionOf(
  { field, operator, value, conditions }: Parameters,
  location: Location,
): unknown {
  if (field !== undefined && conditions !== undefined) {
    throw invalid(
      [...location, 'conditions'],
      'stands beside field; send one of the two',
      'ambiguous',
    )
  }
  if (field !== undefined)
    return { field, operator: operator ?? 'eq', ...(value !== undefined && { value }) }
  if (conditions !== undefined) return conditionList(conditions)
  throw invalid(
    [...location, 'field'],
    'is missing; send field and value, or conditions',
    'missing',
  )
}

/** Prose writes conditions as a list, too. */
function conditionList(conditions: unknown): unknown {
  return Array.isArray(conditions) ? { AND: conditions } : conditions
}

/** What a leaf says of case stands; else the stage's word counts (contract 5.3). */
function withCase(filter: Filter, isCaseSensitive: boolean): Filter {
  if (filter.kind === 'leaf')
    return { ...filter, caseSensitive: filter.caseSensitive ?? isCaseSensitive }
  return { ...filter, filters: filter.filters.map((child) => withCase(child, isCaseSensitive)) }
}
