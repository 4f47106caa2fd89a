import type { Ports } from '../../ports/ports.ts'
import { changeCollection, type CollectionChange } from '../../store/collections.ts'
import { isUniqueViolation } from '../../store/unique-violation.ts'
import { fail, invalid } from '../failure.ts'
import { resourceName } from '../resource-name.ts'
import type { Collection } from './collection.ts'
import { collectionNames, type CollectionSpec } from './create-collection.ts'

const immutable = ['source', 'feature_extractor', 'feature_extractors', 'input_schema'] as const

/** Name, description, enabled and metadata; what makes documents is immutable (contract 15.3): clone instead. */
export async function updateCollection(
  ports: Pick<Ports, 'db' | 'cache'>,
  collection: Collection,
  spec: CollectionSpec,
): Promise<Collection> {
  const fixed = immutable.find((key) => spec[key] !== undefined && spec[key] !== null)
  if (fixed) {
    const hint = `POST /v1/collections/${collection.id}/clone makes one with another ${fixed}.`
    throw invalid(['body', fixed], 'cannot change once the collection is made', 'immutable', hint)
  }
  const change = changeOf(spec)
  try {
    const changed = await changeCollection(ports.db, collection.id, change)
    if (!changed) throw fail('not_found', { resource: 'collection', id: collection.id })
    ports.cache.forget('collections')
    return changed
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw fail(
      'already_exists',
      { resource: 'collection', name: change.name ?? '' },
      { cause: error },
    )
  }
}

function changeOf(spec: CollectionSpec): CollectionChange {
  const name = spec.collection_name ?? spec.name ?? null
  return {
    ...(name !== null && {
      name: resourceName(name, ['body', 'collection_name'], collectionNames),
    }),
    ...(spec.description !== undefined && { description: spec.description }),
    ...(typeof spec.enabled === 'boolean' && { enabled: spec.enabled }),
    ...(spec.metadata && { metadata: spec.metadata }),
  }
}
