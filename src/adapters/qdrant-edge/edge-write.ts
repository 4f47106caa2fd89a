import type { DenseBlock, Shard } from '../../../edge/index.d.ts'
import type {
  EngineFilter,
  PointId,
  Selection,
  VectorValue,
  Write,
} from '../../ports/vector-engine.ts'
import { engineFilter } from '../qdrant/engine-filter.ts'
import { engineKey } from '../qdrant/key-path.ts'
import { jsonBytes } from './json-bytes.ts'

interface PointVectors {
  id: PointId
  payload?: object
  vectors: Record<string, VectorValue>
}

interface Rows {
  name: string
  size: number
  rows: number[]
  vectors: Float32Array[]
}

/** Writes in the words of the engine's log (`UpdateOperation`); vectors go beside them as numbers. */
export async function applyWrite(shard: Shard, write: Write): Promise<void> {
  switch (write.kind) {
    case 'upsert':
    case 'update_vectors': {
      if (write.points.length === 0) return
      const points = jsonBytes(write.points.map(withoutDense))
      const blocks = denseBlocks(write.points)
      return write.kind === 'upsert'
        ? shard.upsert(points, blocks)
        : shard.updateVectors(points, blocks)
    }
    case 'delete_vectors':
    case 'set_payload':
    case 'overwrite_payload':
    case 'delete_payload':
    case 'clear_payload':
    case 'delete': {
      if ('points' in write.selection && write.selection.points.length === 0) return
      return shard.update(jsonBytes(updateOperation(write)))
    }
  }
}

function updateOperation(write: Exclude<Write, { points: unknown }>): object {
  const { selection } = write
  switch (write.kind) {
    case 'delete_vectors':
      return bySelection(
        selection,
        (points) => ({ delete_vectors: [{ points }, write.names] }),
        (filter) => ({ delete_vectors_by_filter: [filter, write.names] }),
      )
    case 'set_payload': {
      const key = write.key === undefined ? undefined : engineKey(write.key)
      return { set_payload: { payload: write.payload, key, ...selected(selection) } }
    }
    case 'overwrite_payload':
      return { overwrite_payload: { payload: write.payload, ...selected(selection) } }
    case 'delete_payload':
      return { delete_payload: { keys: write.keys.map(engineKey), ...selected(selection) } }
    case 'clear_payload':
      return bySelection(
        selection,
        (points) => ({ clear_payload: { points } }),
        (filter) => ({ clear_payload_by_filter: filter }),
      )
    case 'delete':
      return bySelection(
        selection,
        (ids) => ({ delete_points: { ids } }),
        (filter) => ({ delete_points_by_filter: filter }),
      )
  }
}

function bySelection(
  selection: Selection,
  byPoints: (points: PointId[]) => object,
  byFilter: (filter: EngineFilter) => object,
): object {
  return 'points' in selection
    ? byPoints(selection.points)
    : byFilter(engineFilter(selection.filter))
}

function selected(selection: Selection): object {
  return bySelection(
    selection,
    (points) => ({ points }),
    (filter) => ({ filter }),
  )
}

function withoutDense({ id, payload, vectors }: PointVectors): object {
  const rest = Object.entries(vectors).flatMap(([name, value]) => {
    if (isDense(value)) return []
    return [[name, Array.isArray(value) ? value.map((row) => Array.from(row)) : value]]
  })
  return rest.length === 0 ? { id, payload } : { id, payload, vectors: Object.fromEntries(rest) }
}

/** One block a vector name; points that give it another size stand in a block that the addon refuses. */
function denseBlocks(points: readonly PointVectors[]): DenseBlock[] {
  const blocks = new Map<string, Rows>()
  points.forEach(({ vectors }, row) => {
    for (const [name, values] of Object.entries(vectors)) {
      if (!isDense(values)) continue
      const key = `${values.length} ${name}`
      const block = blocks.get(key) ?? { name, size: values.length, rows: [], vectors: [] }
      block.rows.push(row)
      block.vectors.push(values)
      blocks.set(key, block)
    }
  })
  return [...blocks.values()].map(denseBlock)
}

function denseBlock({ name, size, rows, vectors }: Rows): DenseBlock {
  const values = new Float32Array(rows.length * size)
  vectors.forEach((vector, index) => values.set(vector, index * size))
  return { name, size, rows: Uint32Array.from(rows), values }
}

function isDense(value: VectorValue): value is Float32Array {
  return value instanceof Float32Array
}
