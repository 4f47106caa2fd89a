export const recommendationLevels = ['high', 'medium', 'low', 'none'] as const
export type RecommendationLevel = (typeof recommendationLevels)[number]

/** What a level is decided by; times in milliseconds. */
export interface LevelFigures {
  count: number
  avgMs: number
  /** Reads of more than 500 ms. */
  slow: number
  /** Reads of more than 1,000 ms. */
  verySlow: number
}

/** The documented levels of contract 21, as a table: the first row that holds. */
const rules: readonly {
  level: Exclude<RecommendationLevel, 'none'>
  holds: (figures: LevelFigures) => boolean
}[] = [
  {
    level: 'high',
    holds: ({ count, avgMs, verySlow }) => (count > 100 && avgMs > 300) || verySlow > 10,
  },
  { level: 'medium', holds: ({ count, avgMs, slow }) => (count > 50 && avgMs > 200) || slow > 20 },
  { level: 'low', holds: ({ count }) => count > 10 },
]

export function recommendationLevel(figures: LevelFigures): RecommendationLevel {
  return rules.find(({ holds }) => holds(figures))?.level ?? 'none'
}
