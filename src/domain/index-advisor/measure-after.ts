import type { Namespace } from '../namespaces/namespace.ts'
import { lostShapes, thresholdsOf } from './compare-gain.ts'
import { measureSamples, rowOf, type MeasurePorts } from './measure-gain.ts'
import type { MeasuredShape, Measurement } from './measurement.ts'
import type { RecordedReads } from './recorded-reads.ts'

/**
 * What recorded reads take now that there is an index on `path`. Shapes that seem to have lost by it are asked again by
 * themselves, which gives each many more runs: other work beside two or three runs looks as sure as a loss, and only a
 * loss lasts. Throws what `measureSamples` throws.
 */
export async function measureAfter(
  ports: MeasurePorts,
  namespace: Namespace,
  { path, before }: { path: string; before: Measurement },
  { samples, shapes }: RecordedReads,
  signal?: AbortSignal,
): Promise<Measurement> {
  const measured = await measureSamples(ports, namespace, samples, shapes, signal)
  const lost = new Set(lostShapes(before, measured, path, thresholdsOf(ports.config)))
  if (lost.size === 0) return measured
  const theirs = samples.filter(({ shape }) => lost.has(shape))
  const again = await measureSamples(ports, namespace, theirs, shapes, signal)
  return { ...measured, shapes: measured.shapes.map((shape) => withRuns(shape, again)) }
}

/** The runs of both; of the control read as well, which tells what the machine did during either. */
function withRuns(one: MeasuredShape, again: Measurement): MeasuredShape {
  const more = again.shapes.find(({ shape }) => shape === one.shape)
  if (!more) return one
  const known = new Map(more.runs.map(({ key, ms }) => [key, ms]))
  const runs = one.runs.map(({ key, ms }) => ({ key, ms: [...ms, ...(known.get(key) ?? [])] }))
  return rowOf(one, runs)
}
