import type {
  CollectionDescription,
  GroupsRequest,
  NewPoint,
  QueryExpression,
  QueryRequest,
  QueryStep,
  Selection,
  VectorValue,
} from '../../../ports/vector-engine.ts'
import { engineKey } from '../../qdrant/key-path.ts'

/** A vector as JSON has it. */
type WireVector = number[] | number[][] | { indices: number[]; values: number[] }
export interface WirePoint {
  id: NewPoint['id']
  payload?: NewPoint['payload'] | null
  vector?: Record<string, WireVector>
}
type WireStep = Omit<QueryStep, 'prefetch' | 'query'> & { prefetch?: WireStep[]; query?: object }

/** REST's point as the port's. */
export function pointFrom({ id, payload, vector }: WirePoint): NewPoint {
  const vectors = Object.entries(vector ?? {}).map(([name, value]) => [name, vectorFrom(value)])
  return { id, payload: payload ?? {}, vectors: Object.fromEntries(vectors) }
}

/** REST's query body as the port's request: the two differ in dense vectors only. */
export function queryFrom<R extends QueryRequest | GroupsRequest>(body: object): R {
  return stepFrom(body as WireStep) as R
}

export function selectionFrom(body: object): Selection {
  if ('points' in body && body.points) return { points: body.points as (string | number)[] }
  return { filter: 'filter' in body && body.filter ? body.filter : {} }
}

/** A description as the `result` of collection info. */
export function infoOf({
  vectors,
  sparse_vectors,
  hnsw_config,
  payload_schema,
}: CollectionDescription): object {
  const fields = Object.entries(payload_schema).map(([key, schema]) => [
    engineKey(key),
    { data_type: schema.type, params: schema, points: 0 },
  ])
  return {
    status: 'green',
    config: { params: { vectors, sparse_vectors }, hnsw_config },
    payload_schema: Object.fromEntries(fields),
  }
}

function stepFrom(step: WireStep): QueryStep {
  const { prefetch, query, ...rest } = step
  return {
    ...rest,
    ...(prefetch && { prefetch: prefetch.map(stepFrom) }),
    ...(query && { query: expressionFrom(query) }),
  }
}

function expressionFrom(query: object): QueryExpression {
  if (!('nearest' in query)) return query as QueryExpression
  const nearest = query.nearest as WireVector | string | number
  return { nearest: typeof nearest === 'object' ? vectorFrom(nearest) : nearest }
}

function vectorFrom(value: WireVector): VectorValue {
  if (!Array.isArray(value)) return value
  const rows = value as (number | number[])[]
  const isMulti = rows.length > 0 && rows.every((row) => Array.isArray(row))
  return isMulti ? rows.map((row) => Float32Array.from(row)) : Float32Array.from(value as number[])
}
