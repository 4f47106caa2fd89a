import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { collectionOf } from '../../store/collections.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { extractorsOf } from '../extractors/extractors-of.ts'
import { collectionAnswer } from './collection-answer.ts'
import type { Collection } from './collection.ts'

/** The collections of a namespace that are not being deleted. */
export async function listCollections(
  ports: Pick<Ports, 'db' | 'cache' | 'config'>,
  namespace: Namespace,
  request: ListRequest,
): Promise<ListResult<Collection>> {
  const place = { namespace, extractors: await extractorsOf(ports, namespace) }
  const listed: Listed<'collections', Collection> = {
    table: 'collections',
    where: sql`namespace_id = ${namespace.id} and state = 'active'`,
    columns: {
      collection_id: 'id',
      collection_name: 'name',
      name: 'name',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: (rows) => rows.map(collectionOf),
    view: (collection) => collectionAnswer(collection, place, null),
  }
  return await listPage(ports, listed, request)
}
