import type { Ports } from '../../ports/ports.ts'
import type { NewPoint, SparseVector, VectorValue } from '../../ports/vector-engine.ts'
import { isSameShape } from '../namespaces/merge-vectors.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { NotePorts } from '../payload-facts/note-writes.ts'
import type { DocumentRecord } from './document.ts'
import { retrieveDocuments } from './read.ts'
import { fillPoints } from './write.ts'

/** Documents of one engine call: their vectors cross as JSON. */
const documentsMax = 256

/**
 * Copies documents from one generation of a namespace into another, with those of their vectors that both hold alike,
 * and answers how many were there. Only for a caller that holds the namespace's lease, or looks again afterwards.
 */
export async function carryDocuments(
  ports: NotePorts & Pick<Ports, 'vectors'>,
  from: Namespace,
  to: Namespace,
  pointIds: readonly string[],
): Promise<number> {
  const names = Object.keys(to.vectors).filter((name) =>
    isSameShape(from.vectors[name], to.vectors[name]),
  )
  const selection = { select: null, withVectors: names.length > 0 && names }
  let carried = 0
  for (let i = 0; i < pointIds.length; i += documentsMax) {
    const ids = pointIds.slice(i, i + documentsMax)
    const records = await retrieveDocuments(ports, from, ids, selection)
    if (records.length > 0) await fillPoints(ports, to, records.map(pointOf))
    carried += records.length
  }
  return carried
}

function pointOf({ pointId, payload, vectors }: DocumentRecord): NewPoint {
  const values = Object.entries(vectors ?? {}).map(([name, value]) => [name, valueOf(value)])
  return { id: pointId, payload: payload ?? {}, vectors: Object.fromEntries(values) }
}

function valueOf(value: number[] | number[][] | SparseVector): VectorValue {
  if (!Array.isArray(value)) return value
  return isMulti(value) ? value.map((one) => Float32Array.from(one)) : Float32Array.from(value)
}

function isMulti(value: number[] | number[][]): value is number[][] {
  return Array.isArray(value[0])
}
