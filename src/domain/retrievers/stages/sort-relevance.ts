import { z } from 'zod'
import { fail } from '../../failure.ts'
import { readSelection } from '../read-selection.ts'
import type { FoundDocument } from '../stage.ts'
import { stage } from '../stage.ts'
import { numberIn } from './document-values.ts'

const missingScores = ['bottom', 'top', 'preserve'] as const

/** Contract 18, sort_relevance: by the score of a search or by any number of the documents; stable. */
export const sortRelevanceStage = stage({
  stageId: 'sort_relevance',
  category: 'sort',
  description: 'Orders documents by their scores',
  icon: 'arrow-down-wide-narrow',
  parameters: {
    score_field: z.string().min(1).default('score'),
    direction: z.enum(['desc', 'asc']).default('desc'),
    missing_score: z.enum(missingScores).default('bottom'),
    normalize: z.boolean().default(false),
    feature_address: z.string().optional(),
  },
  aliases: { order: 'direction', sort_by: 'score_field', field: 'score_field' },
  check({ feature_address: address }) {
    if (address === undefined) return
    throw fail('not_enabled', {
      feature: 'feature_address of sort_relevance',
      hint: 'Documents keep one score, of all searches together; sort by score.',
    })
  },
  async run(call, { score_field: field, direction, missing_score: missing, normalize }, selection) {
    // What no search has ranked has no score: the order stays.
    if (selection.kind === 'unread' && field === 'score') return { selection }
    const documents = await readSelection(call, selection)
    const scored = documents.map((document) => ({
      document,
      score: numberIn(document, field, call.namespace),
    }))
    const sorted = sortByScore(scored, direction, missing)
    const answered = normalize ? normalized(sorted) : sorted.map(({ document }) => document)
    return { selection: { kind: 'read', documents: answered } }
  },
})

interface Scored {
  score: number | null
}

/** `preserve`: what has no score keeps its place, and the others are sorted around it. */
export function sortByScore<T extends Scored>(
  items: readonly T[],
  direction: 'desc' | 'asc',
  missing: (typeof missingScores)[number],
): T[] {
  const sign = direction === 'desc' ? -1 : 1
  const sorted = items
    .filter(({ score }) => score !== null)
    .sort((a, b) => sign * ((a.score ?? 0) - (b.score ?? 0)))
  const without = items.filter(({ score }) => score === null)
  if (missing === 'bottom') return [...sorted, ...without]
  if (missing === 'top') return [...without, ...sorted]
  let next = 0
  return items.map((item) => (item.score === null ? item : (sorted[next++] ?? item)))
}

/** Scores from 0 to 1, the best being 1; where all are equal, each is 1. */
function normalized(
  scored: readonly { document: FoundDocument; score: number | null }[],
): FoundDocument[] {
  const present = scored.flatMap(({ score }) => score ?? [])
  const least = present.reduce((a, b) => Math.min(a, b), Infinity)
  const most = present.reduce((a, b) => Math.max(a, b), -Infinity)
  return scored.map(({ document, score }) => {
    if (score === null) return document
    return { ...document, score: most === least ? 1 : (score - least) / (most - least) }
  })
}
