import type { MeasuredSearch } from './explain-search.ts'
import type { ExplainedFilter, ShortReason } from './explanation.ts'

/** Why there were not enough candidates: no documents, few of them, or a filter that few meet. */
export function fewCandidates(
  filter: ExplainedFilter,
  wanted: number,
  stage: string | null,
): ShortReason[] {
  const { in_scope: inScope, candidates, conditions } = filter
  const figures = { in_scope: inScope, candidates, wanted }
  if (inScope === 0) {
    const message = 'The collections that are read hold no document.'
    return [{ reason: 'no_documents', stage, message, figures }]
  }
  if (candidates >= wanted) return []
  if (candidates === inScope) {
    const message = `There are only ${inScope} documents to be found.`
    return [{ reason: 'data', stage, message, figures }]
  }
  const message = `${candidates} of ${inScope} documents meet the filter${narrowest(conditions)}.`
  return [{ reason: 'filter', stage, message, figures }]
}

function narrowest(conditions: ExplainedFilter['conditions']): string {
  const counted = conditions.flatMap(({ field, operator, matches }) =>
    matches === null ? [] : [{ field, operator, matches }],
  )
  const [least] = counted.toSorted((a, b) => a.matches - b.matches)
  if (!least) return ''
  if (counted.length === 1) return ` (${least.field} ${least.operator})`
  return `; the narrowest condition, ${least.field} ${least.operator}, holds for ${least.matches}`
}

/** Why one search found fewer documents than it could have brought. */
export function shortSearch(
  search: MeasuredSearch,
  wanted: number,
  stage: string | null,
): ShortReason[] {
  const { explained, withVector, found } = search
  const { filter, vector } = explained
  if (found >= wanted) return []
  const reasons = fewCandidates(filter, wanted, stage)
  const add = (
    reason: ShortReason['reason'],
    message: string,
    figures: Record<string, number>,
  ): void => {
    reasons.push({ reason, stage, message, figures })
  }
  if (withVector < Math.min(filter.candidates, wanted)) {
    const message = `${withVector} of ${filter.candidates} candidates have a vector '${vector}'; the others cannot be found by it.`
    add('no_vector', message, { candidates: filter.candidates, with_vector: withVector })
  }
  if (search.foundBelow > found) {
    const { min_score: minScore } = explained
    const best = search.bestBelow === null ? '' : ` The best of them has ${search.bestBelow}.`
    const message = `${search.foundBelow - found} documents score below min_score ${minScore}.${best}`
    add('min_score', message, {
      below: search.foundBelow - found,
      ...(minScore !== null && { min_score: minScore }),
      ...(search.bestBelow !== null && { best_below: search.bestBelow }),
    })
  }
  const topK = explained.top_k
  if (topK !== null && topK < wanted && found === topK) {
    add('top_k', `The search brings ${topK} documents at most (top_k).`, { top_k: topK })
  }
  if (search.foundExactly > found) {
    const message = `The graph missed ${search.foundExactly - found} documents that a search without it finds.`
    add('graph', message, { missed: search.foundExactly - found })
  }
  return reasons
}
