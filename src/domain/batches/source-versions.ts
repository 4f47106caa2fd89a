import type { Ports } from '../../ports/ports.ts'
import { readObjectVersions } from '../../store/objects.ts'
import { internalOf } from '../documents/document.ts'
import { retrieveDocuments } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { LedgerRow } from './batch.ts'
import { pointIdIn } from '../documents/document.ts'

/** What `Source.version` of these rows' sources is now; of one that is gone there is none. */
export async function sourceVersions(
  ports: Pick<Ports, 'db' | 'vectors'>,
  namespace: Namespace,
  rows: readonly LedgerRow[],
): Promise<Map<string, string>> {
  const isObject = (id: string) => id.startsWith('obj_')
  const ids = [...new Set(rows.map(({ sourceId }) => sourceId))]
  const [objects, documents] = await Promise.all([
    readObjectVersions(ports.db, ids.filter(isObject)),
    documentVersions(
      ports,
      namespace,
      ids.filter((id) => !isObject(id)),
    ),
  ])
  return new Map([...objects, ...documents])
}

async function documentVersions(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  ids: readonly string[],
): Promise<[string, string][]> {
  const pointIds = ids.map((id) => pointIdIn('', id))
  const selection = { select: ['_internal'], withVectors: false }
  const records = await retrieveDocuments(ports, namespace, pointIds, selection)
  const byPoint = new Map(records.map((record) => [record.pointId, record]))
  return ids.flatMap((id, i): [string, string][] => {
    const record = byPoint.get(pointIds[i] ?? '')
    return record ? [[id, internalOf(record.payload).updated_at ?? '']] : []
  })
}
