import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recommendationLevel, type LevelFigures } from './recommendation-level.ts'

const quiet: LevelFigures = { count: 0, avgMs: 0, slow: 0, verySlow: 0 }

test('the level of a field follows the documented thresholds, each of them exclusive', () => {
  const cases: [Partial<LevelFigures>, ReturnType<typeof recommendationLevel>][] = [
    [{ count: 101, avgMs: 300.1 }, 'high'],
    [{ count: 100, avgMs: 301 }, 'medium'],
    [{ count: 101, avgMs: 300 }, 'medium'],
    [{ verySlow: 11 }, 'high'],
    [{ verySlow: 10 }, 'none'],
    [{ count: 51, avgMs: 200.1 }, 'medium'],
    [{ count: 51, avgMs: 200 }, 'low'],
    [{ slow: 21 }, 'medium'],
    [{ slow: 20 }, 'none'],
    [{ count: 11 }, 'low'],
    [{ count: 10 }, 'none'],
  ]
  for (const [figures, level] of cases)
    assert.equal(recommendationLevel({ ...quiet, ...figures }), level, JSON.stringify(figures))
})
