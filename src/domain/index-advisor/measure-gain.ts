import type { Ports } from '../../ports/ports.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedSample, Measurement, WeighedShape } from './measurement.ts'

export type MeasurePorts = Pick<Ports, 'db' | 'cache' | 'vectors' | 'config' | 'log' | 'now'>

/**
 * Asks the recorded queries again, shape by shape in turns with control reads among them, until the time budget
 * (`NACRE_INDEX_MEASURE_MS`) or the rounds are used up. Where there are more shapes than are measured, those that come
 * first in `samples` are. Searches take vectors of stored documents. Throws what the read gate throws.
 */
export async function measureSamples(
  _ports: MeasurePorts,
  _namespace: Namespace,
  _samples: readonly AskedSample[],
  _shapes: readonly WeighedShape[],
  _signal?: AbortSignal,
): Promise<Measurement> {
  throw fail('bad_request', { reason: 'Measuring is not written yet.' })
}
