import { randomUUID } from 'node:crypto'
import type { NewDocument } from '../../src/domain/documents/document.ts'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import type { Filter, Operator } from '../../src/domain/filters/filter.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { adminOf } from './principal.ts'

export interface WrittenNamespace {
  namespace: Namespace
  /** What the documents say they belong to; no such row exists. */
  collectionId: string
  /** Their point ids, in the order of `fields`. */
  pointIds: string[]
  write(fields: readonly Record<string, unknown>[], pointIds?: readonly string[]): Promise<string[]>
}

/** A fresh namespace with one dense vector `own`, and documents written straight into it, a vector each. */
export async function openWrittenNamespace(
  ports: Ports,
  given: { dimensions?: number; fields: readonly Record<string, unknown>[] },
): Promise<WrittenNamespace> {
  const dimensions = given.dimensions ?? 4
  const admin = await adminOf(ports)
  const request = NewNamespace.parse({
    namespace_name: `written ${randomUUID()}`,
    vectors: { own: { dimensions } },
  })
  const namespace = await createNamespace(ports, admin, request)
  const collectionId = ports.newId('col')
  const write: WrittenNamespace['write'] = async (fields, pointIds = []) => {
    const documents = fields.map((each, i): NewDocument => {
      const vector = Float32Array.from({ length: dimensions }, () => Math.random() - 0.5)
      const id = pointIds[i] ?? randomUUID()
      return { id, collectionId, origin: 'api', fields: { ...each }, vectors: { own: vector } }
    })
    await writeDocuments(ports, namespace, documents)
    return documents.map(({ id }) => id)
  }
  return { namespace, collectionId, pointIds: await write(given.fields), write }
}

export function leafOf(field: string, operator: Operator, value: unknown): Filter {
  return { kind: 'leaf', field, operator, value, caseSensitive: null }
}
