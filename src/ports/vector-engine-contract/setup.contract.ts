import { randomUUID } from 'node:crypto'
import type {
  CollectionSpec,
  EngineFilter,
  NewPoint,
  Payload,
  PointId,
  VectorEngine,
} from '../vector-engine.ts'

export type OpenEngine = () => Promise<VectorEngine>

/** One dense and one sparse vector: what most tests need. */
export const films: CollectionSpec = {
  vectors: { plot: { size: 2, distance: 'Cosine' } },
  sparse_vectors: { words: {} },
}

/** A name of the test's own: a server is shared with other runs. */
export function freshName(): string {
  return `test_${randomUUID().replaceAll('-', '')}`
}

/** The body of a test on a new collection, which is gone afterwards. */
export function onCollection(
  open: OpenEngine,
  spec: CollectionSpec,
  run: (engine: VectorEngine, collection: string) => Promise<void>,
): () => Promise<void> {
  return async () => {
    await using engine = await open()
    const collection = freshName()
    await engine.createCollection(collection, spec)
    try {
      await run(engine, collection)
    } finally {
      await engine.dropCollection(collection)
    }
  }
}

/** The n-th UUID; they sort as their numbers. */
export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`
}

export function numberOf(id: PointId): number {
  return Number(String(id).slice(-12))
}

export function numbers(points: readonly { id: PointId }[]): number[] {
  return points.map(({ id }) => numberOf(id))
}

/** Points 1, 2, 3 … with these payloads and no vectors. */
export function pointsWith(payloads: readonly Payload[]): NewPoint[] {
  return payloads.map((payload, index) => ({ id: uuid(index + 1), payload, vectors: {} }))
}

/** Points 1, 2, 3 … with these plots. */
export function pointsAt(plots: readonly (readonly [number, number])[]): NewPoint[] {
  return plots.map((plot, index) => ({
    id: uuid(index + 1),
    payload: { n: index + 1 },
    vectors: { plot: Float32Array.from(plot) },
  }))
}

export async function upsert(
  engine: VectorEngine,
  collection: string,
  points: NewPoint[],
): Promise<void> {
  await engine.write(collection, { kind: 'upsert', points })
}

/** Which of the points match, by number. */
export async function matching(
  engine: VectorEngine,
  collection: string,
  filter: EngineFilter,
): Promise<number[]> {
  const { points } = await engine.scroll(collection, { filter, limit: 1_000, with_payload: false })
  return numbers(points)
}
