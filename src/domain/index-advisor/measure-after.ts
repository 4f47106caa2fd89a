import type { Namespace } from '../namespaces/namespace.ts'
import { lostShapes, thresholdsOf } from './compare-gain.ts'
import { measureSamples, rowOf, type MeasurePorts } from './measure-gain.ts'
import { controlShape, type MeasuredShape, type Measurement } from './measurement.ts'
import type { RecordedReads } from './recorded-reads.ts'

/** A shape that seems to have lost is asked so often again before it has. */
const againMax = 3

/**
 * What recorded reads take now that there is an index on `path`. Shapes that seem to have lost by it are asked again by
 * themselves, and what they take then counts: of fifteen shapes one often looks as sure as a loss for other work beside
 * it, and only a loss is there each time. Throws what `measureSamples` throws.
 */
export async function measureAfter(
  ports: MeasurePorts,
  namespace: Namespace,
  { path, before }: { path: string; before: Measurement },
  { samples, shapes }: RecordedReads,
  signal?: AbortSignal,
): Promise<Measurement> {
  let after = await measureSamples(ports, namespace, samples, shapes, signal)
  for (let i = 0; i < againMax; i++) {
    const lost = new Set(lostShapes(before, after, path, thresholdsOf(ports.config)))
    if (lost.size === 0) break
    const theirs = samples.filter(({ shape }) => lost.has(shape))
    const again = await measureSamples(ports, namespace, theirs, shapes, signal)
    after = { ...after, shapes: after.shapes.map((shape) => renewed(shape, again)) }
  }
  return after
}

/** With its newest runs; the control read keeps the earlier ones too, which other shapes were asked beside. */
function renewed(one: MeasuredShape, again: Measurement): MeasuredShape {
  const newest = again.shapes.find(({ shape }) => shape === one.shape)
  if (!newest) return one
  return rowOf(one, one.shape === controlShape ? pooled(one, newest) : newest.runs)
}

function pooled(one: MeasuredShape, more: MeasuredShape): MeasuredShape['runs'] {
  const known = new Map(more.runs.map(({ key, ms }) => [key, ms]))
  return one.runs.map(({ key, ms }) => ({ key, ms: [...ms, ...(known.get(key) ?? [])] }))
}
