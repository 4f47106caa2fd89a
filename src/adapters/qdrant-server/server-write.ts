import type { QdrantClient, Schemas } from '@qdrant/js-client-rest'
import type { NewPoint, PointId, Selection, VectorValue, Write } from '../../ports/vector-engine.ts'
import { engineFilter } from '../qdrant/engine-filter.ts'
import { engineKey } from '../qdrant/key-path.ts'

type Filter = Schemas['Filter']
type Named = Extract<Schemas['VectorStruct'], Record<string, unknown>>

/** Servers take bodies up to 32 MiB; this many vector numbers as JSON text stay well below it. */
const numbersPerCall = 500_000
const pointsPerCall = 1_000

/**
 * A write as the server's calls; answers once it is applied. Points go in several calls where they are
 * many: refused in the middle, those before are written (an upsert again is harmless).
 */
export async function applyWrite(
  client: QdrantClient,
  collection: string,
  write: Write,
): Promise<void> {
  if ('selection' in write) return applyToSelection(client, collection, write)
  for (const points of chunks(write.points)) {
    const body = points.map(({ vectors, ...rest }) => ({ ...rest, vector: namedVectors(vectors) }))
    if (write.kind === 'upsert') await client.upsert(collection, { wait: true, points: body })
    else await client.updateVectors(collection, { wait: true, points: body })
  }
}

async function applyToSelection(
  client: QdrantClient,
  collection: string,
  write: Extract<Write, { selection: unknown }>,
): Promise<void> {
  if ('points' in write.selection && write.selection.points.length === 0) return
  const selected = { wait: true, ...selection(write.selection) }
  switch (write.kind) {
    case 'delete_vectors':
      await client.deleteVectors(collection, { ...selected, vector: write.names })
      return
    case 'set_payload': {
      const key = write.key === undefined ? {} : { key: engineKey(write.key) }
      await client.setPayload(collection, { ...selected, ...key, payload: write.payload })
      return
    }
    case 'overwrite_payload':
      await client.overwritePayload(collection, { ...selected, payload: write.payload })
      return
    case 'delete_payload':
      await client.deletePayload(collection, { ...selected, keys: write.keys.map(engineKey) })
      return
    case 'clear_payload':
      await client.clearPayload(collection, selected)
      return
    case 'delete':
      await client.delete(collection, selected)
  }
}

function selection(chosen: Selection): { points: PointId[] } | { filter: Filter } {
  if ('points' in chosen) return { points: chosen.points }
  return { filter: engineFilter(chosen.filter) as Filter }
}

function namedVectors(vectors: Record<string, VectorValue>): Named {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, value]) => [name, plainVector(value)]),
  )
}

function plainVector(value: VectorValue): number[] | number[][] | Schemas['SparseVector'] {
  if (value instanceof Float32Array) return Array.from(value)
  return Array.isArray(value) ? value.map((row) => Array.from(row)) : value
}

function* chunks<P extends Pick<NewPoint, 'vectors'>>(points: readonly P[]): Generator<P[]> {
  let chunk: P[] = []
  let numbers = 0
  for (const point of points) {
    const size = numbersOf(point.vectors)
    if (chunk.length > 0 && (chunk.length >= pointsPerCall || numbers + size > numbersPerCall)) {
      yield chunk
      chunk = []
      numbers = 0
    }
    chunk.push(point)
    numbers += size
  }
  if (chunk.length > 0) yield chunk
}

function numbersOf(vectors: Record<string, VectorValue>): number {
  let numbers = 0
  for (const value of Object.values(vectors)) {
    if (value instanceof Float32Array) numbers += value.length
    else if (Array.isArray(value)) numbers += value.length * (value[0]?.length ?? 0)
    else numbers += 2 * value.indices.length
  }
  return numbers
}
