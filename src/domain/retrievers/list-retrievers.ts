import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import { retrieverOf } from '../../store/retrievers.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { retrieverAnswer } from './retriever-answer.ts'
import type { Retriever } from './retriever.ts'

export async function listRetrievers(
  ports: Pick<Ports, 'db' | 'config'>,
  namespace: Namespace,
  request: ListRequest,
): Promise<ListResult<Retriever>> {
  const listed: Listed<'retrievers', Retriever> = {
    table: 'retrievers',
    where: sql`namespace_id = ${namespace.id}`,
    columns: {
      retriever_id: 'id',
      retriever_name: 'name',
      name: 'name',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: (rows) => rows.map(retrieverOf),
    view: retrieverAnswer,
  }
  return await listPage(ports, listed, request)
}
