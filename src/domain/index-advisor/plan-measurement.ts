import type { Config } from '../../config.ts'
import { sampleKey, type AskedSample, type WeighedShape } from './measurement.ts'

export interface PlannedSample {
  key: string
  sample: AskedSample
}

export interface PlannedShape {
  shape: string
  paths: string[]
  /** Its share of the recorded queries of the planned shapes; 0 where none of them was counted. */
  weight: number
  samples: PlannedSample[]
}

/**
 * Which recorded queries are asked: the shapes that come first in `samples`, of each the same few different queries
 * whoever asks and in whatever order they were read, so that before and after they are the same. Pure.
 */
export function planMeasurement(
  samples: readonly AskedSample[],
  shapes: readonly WeighedShape[],
  limits: Pick<Config, 'indexMeasureShapesMax' | 'indexMeasureSamplesMax'>,
): PlannedShape[] {
  const weighed = new Map(shapes.map((each) => [each.shape, each]))
  const byShape = Map.groupBy(samples, ({ shape }) => shape)
  const chosen = [...byShape].slice(0, limits.indexMeasureShapesMax)
  const total = chosen.reduce((sum, [shape]) => sum + (weighed.get(shape)?.count ?? 0), 0)
  return chosen.map(([shape, all]) => {
    const { paths = [], count = 0 } = weighed.get(shape) ?? {}
    const weight = total > 0 ? count / total : 0
    return { shape, paths, weight, samples: distinct(all).slice(0, limits.indexMeasureSamplesMax) }
  })
}

function distinct(samples: readonly AskedSample[]): PlannedSample[] {
  const byKey = new Map(samples.map((sample) => [sampleKey(sample), sample]))
  return [...byKey]
    .map(([key, sample]) => ({ key, sample }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
