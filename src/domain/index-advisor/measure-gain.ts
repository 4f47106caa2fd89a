import type { Ports } from '../../ports/ports.ts'
import { listDocuments } from '../documents/list-documents.ts'
import { countDocuments, type ReadPorts } from '../documents/read.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { askSample, storedVectors, type StoredVector } from './ask-sample.ts'
import { medianOf, quantile, seededRandom } from './bootstrap.ts'
import {
  controlShape,
  type AskedSample,
  type MeasuredShape,
  type Measurement,
  type WeighedShape,
} from './measurement.ts'
import { planMeasurement, type PlannedSample, type PlannedShape } from './plan-measurement.ts'

export type MeasurePorts = ReadPorts & Pick<Ports, 'config' | 'log' | 'now'>

/**
 * Asks the recorded queries again, one of each shape a round (a few times, where it is quick) in changing order with a
 * control read among them, until the time (`NACRE_INDEX_MEASURE_MS`) or the rounds (`NACRE_INDEX_MEASURE_ROUNDS_MAX`) are used up; the first round
 * is warm-up. Where there are more shapes than are measured, those that come first in `samples` are. Searches take
 * vectors of stored documents. What the read gate refuses (too many documents to look at) is left out. Throws what
 * else the read gate throws, and the signal's reason.
 */
export async function measureSamples(
  ports: MeasurePorts,
  namespace: Namespace,
  samples: readonly AskedSample[],
  shapes: readonly WeighedShape[],
  signal?: AbortSignal,
): Promise<Measurement> {
  const { config } = ports
  const planned = planMeasurement(samples, shapes, config)
  const asked = planned.flatMap((each) => each.samples.map(({ sample }) => sample))
  const vectors = await storedVectors(ports, namespace, asked, signal)
  const documents = await countDocuments(ports, namespace, everything, null, signal)
  const timed = [control(), ...planned.map(timedShape)]
  const rounds = await takeRounds(ports, namespace, timed, vectors, signal)
  return {
    shapes: timed.flatMap(measuredShape),
    rounds,
    documents,
    takenAt: ports.now().toISOString(),
  }
}

/** Rounds that are taken even where one read alone uses up the time: warm-up, and three to compare. */
const roundsMin = 4
/** Reads of one shape in a turn, where they are quick: beside slow shapes there are few rounds. */
const turnReadsMax = 4
/** Times the setting, the end of a measurement whatever there is by then. */
const overtimeMax = 4

const everything = { collectionIds: null }

interface TimedShape extends Omit<PlannedShape, 'samples'> {
  /** None: the control read. */
  samples: (PlannedSample & { ms: number[] })[]
  controlMs: number[]
}

function timedShape(planned: PlannedShape): TimedShape {
  const samples = planned.samples.map((each) => ({ ...each, ms: [] }))
  return { ...planned, samples, controlMs: [] }
}

function control(): TimedShape {
  return { shape: controlShape, paths: [], weight: 0, samples: [], controlMs: [] }
}

/** Resolves to the rounds that count. */
async function takeRounds(
  ports: MeasurePorts,
  namespace: Namespace,
  shapes: readonly TimedShape[],
  vectors: ReadonlyMap<string, readonly StoredVector[]>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { indexMeasureMs, indexMeasureRoundsMax } = ports.config
  const overtime = AbortSignal.timeout(indexMeasureMs * overtimeMax)
  const either = signal ? AbortSignal.any([signal, overtime]) : overtime
  const random = seededRandom(indexMeasureRoundsMax)
  const turnMs = indexMeasureMs / (roundsMin * shapes.length)
  const begin = performance.now()
  let round = 0
  try {
    for (; round <= indexMeasureRoundsMax; round++) {
      if (round >= roundsMin && performance.now() - begin > indexMeasureMs) break
      for (const shape of shuffled(shapes, random)) {
        await takeTurn(ports, namespace, shape, { round, turnMs }, vectors, either)
      }
    }
  } catch (error) {
    if (!overtime.aborted || signal?.aborted) throw error
  }
  return Math.max(round - 1, 0)
}

/** A shape's turn: one read, and where reads are quick some more of the same query, for its share of the time. */
async function takeTurn(
  ports: MeasurePorts,
  namespace: Namespace,
  shape: TimedShape,
  { round, turnMs }: { round: number; turnMs: number },
  vectors: ReadonlyMap<string, readonly StoredVector[]>,
  signal: AbortSignal,
): Promise<void> {
  const readsMax = round === 0 ? 1 : turnReadsMax
  let spentMs = 0
  for (let i = 0; i < readsMax && spentMs < turnMs; i++) {
    const ms = await timeRead(
      ports,
      namespace,
      shape,
      { round, turn: round * turnReadsMax + i },
      vectors,
      signal,
    )
    if (ms === null) return
    spentMs += ms
  }
}

/** One read of a shape: the same query in the same round, before an index and after it. Null: it has none to ask. */
async function timeRead(
  ports: MeasurePorts,
  namespace: Namespace,
  shape: TimedShape,
  { round, turn }: { round: number; turn: number },
  vectors: ReadonlyMap<string, readonly StoredVector[]>,
  signal: AbortSignal,
): Promise<number | null> {
  const begin = performance.now()
  if (shape.shape === controlShape) {
    await listDocuments(ports, namespace, everything, controlRead, signal)
    const ms = performance.now() - begin
    if (round > 0) shape.controlMs.push(ms)
    return ms
  }
  const place = round % shape.samples.length
  const one = shape.samples[place]
  if (!one) return null
  const stored = vectors.get(one.sample.using ?? '') ?? []
  const isAsked = await asked(ports, namespace, one.sample, stored, turn, signal)
  if (!isAsked) {
    shape.samples.splice(place, 1)
    return null
  }
  const ms = performance.now() - begin
  if (round > 0) one.ms.push(ms)
  return ms
}

const controlRead = {
  filter: null,
  sort: [],
  limit: 10,
  offset: 0,
  cursor: null,
  select: null,
  withVectors: false,
} as const

/** False for what cannot be asked: it is left out from then on. */
async function asked(
  ports: MeasurePorts,
  namespace: Namespace,
  sample: AskedSample,
  vectors: readonly StoredVector[],
  turn: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await askSample(ports, namespace, sample, vectors, turn, signal)
  } catch (error) {
    if (!isFailure(error, 'bad_request') && !isFailure(error, 'not_enabled')) throw error
    ports.log.debug({ namespaceId: namespace.id, shape: sample.shape, err: error }, 'not measured')
    return false
  }
}

/** None where nothing was measured of it. */
function measuredShape(timed: TimedShape): MeasuredShape[] {
  const { shape, controlMs } = timed
  const runs =
    shape === controlShape
      ? [{ key: 'control', ms: controlMs }]
      : timed.samples.map(({ key, ms }) => ({ key, ms }))
  const taken = runs
    .filter(({ ms }) => ms.length > 0)
    .map(({ key, ms }) => ({ key, ms: ms.map(rounded) }))
  return taken.length === 0 ? [] : [rowOf(timed, taken)]
}

/** What there is to say of a shape with these runs. */
export function rowOf(
  { shape, weight, paths }: Pick<MeasuredShape, 'shape' | 'weight' | 'paths'>,
  runs: MeasuredShape['runs'],
): MeasuredShape {
  const all = runs.flatMap(({ ms }) => ms)
  return {
    shape,
    weight,
    samples: shape === controlShape ? 0 : runs.length,
    p50Ms: rounded(medianOf(all)),
    p95Ms: rounded(quantile(all, 0.95)),
    spreadMs: [rounded(quantile(all, 0.25)), rounded(quantile(all, 0.75))],
    paths,
    runs,
  }
}

/** To the microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
