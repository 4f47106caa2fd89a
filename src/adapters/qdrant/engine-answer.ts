import type { EnginePoint, PointGroup, PointId, ScoredPoint } from '../../ports/vector-engine.ts'

/** A point as Qdrant answers it: what was not asked for is absent or null. */
export interface RawPoint {
  id: PointId
  payload?: EnginePoint['payload']
  vector?: EnginePoint['vector']
}
export type RawScored = RawPoint & { score: number }
export interface RawGroup {
  id: PointGroup['id']
  hits: RawScored[]
}

export function pointOf(raw: RawPoint): EnginePoint {
  return { id: raw.id, payload: raw.payload ?? null, vector: raw.vector ?? null }
}

export function scoredOf(raw: RawScored): ScoredPoint {
  return { id: raw.id, payload: raw.payload ?? null, vector: raw.vector ?? null, score: raw.score }
}

export function groupOf(raw: RawGroup): PointGroup {
  return { id: raw.id, hits: raw.hits.map(scoredOf) }
}

/** The points in the order of `ids`; the engine's own order is not promised. */
export function inOrderOf(ids: readonly PointId[], points: readonly EnginePoint[]): EnginePoint[] {
  const byId = new Map(points.map((point) => [sameId(point.id), point]))
  return ids.flatMap((id) => byId.get(sameId(id)) ?? [])
}

/** UUIDs come back in lower case, however they were sent. */
function sameId(id: PointId): string {
  return String(id).toLowerCase()
}
