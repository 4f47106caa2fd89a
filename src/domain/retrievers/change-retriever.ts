import type { Ports } from '../../ports/ports.ts'
import { changeRetriever, removeRetriever } from '../../store/retrievers.ts'
import type { RetrieverChange } from '../../store/retrievers.ts'
import { isUniqueViolation } from '../../store/unique-violation.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { resourceName } from '../resource-name.ts'
import { retrieverNames } from './create-retriever.ts'
import { findRetriever } from './find-retriever.ts'
import type { Retriever } from './retriever.ts'

type ChangePorts = Pick<Ports, 'db' | 'cache'>

/** What of a retriever stays as it was made; a change is a clone (contract 17). */
const fixedKeys = [
  'stages',
  'input_schema',
  'collection_identifiers',
  'collection_ids',
  'budget_limits',
]

export interface RetrieverPatch {
  retriever_name?: string | null | undefined
  description?: string | null | undefined
  tags?: string[] | null | undefined
  display_config?: unknown
  visibility?: Retriever['visibility'] | null | undefined
  [other: string]: unknown
}

/** Omitted and null leave as it was, but for a description, which null clears. Throws `already_exists`. */
export async function patchRetriever(
  ports: ChangePorts,
  namespace: Namespace,
  identifier: string,
  patch: RetrieverPatch,
): Promise<Retriever> {
  const fixed = fixedKeys.find((key) => patch[key] !== undefined && patch[key] !== null)
  if (fixed !== undefined) {
    throw invalid(
      ['body', fixed],
      'cannot be changed after creation; create another retriever',
      'immutable',
    )
  }
  const retriever = await findRetriever(ports, namespace, identifier)
  const change = changeOf(patch)
  if (Object.keys(change).length === 0) return retriever
  const changed = await changeRetriever(ports.db, retriever.id, change).catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error
    throw fail(
      'already_exists',
      { resource: 'retriever', name: change.name ?? retriever.name },
      { cause: error },
    )
  })
  ports.cache.forget('retrievers')
  if (!changed) throw fail('not_found', { resource: 'retriever', id: identifier })
  return changed
}

function changeOf({
  retriever_name: name,
  description,
  tags,
  display_config: display,
  visibility,
}: RetrieverPatch): RetrieverChange {
  return {
    ...(typeof name === 'string' && {
      name: resourceName(name, ['body', 'retriever_name'], retrieverNames),
    }),
    ...(description !== undefined && { description }),
    ...(tags && { tags }),
    ...(display !== undefined && display !== null && { displayConfig: display }),
    ...(visibility && { visibility }),
  }
}

/** Its executions go with it. Throws `not_found`. */
export async function deleteRetriever(
  ports: ChangePorts,
  namespace: Namespace,
  identifier: string,
): Promise<Retriever> {
  const retriever = await findRetriever(ports, namespace, identifier)
  const isRemoved = await removeRetriever(ports.db, retriever.id)
  ports.cache.forget('retrievers')
  if (!isRemoved) throw fail('not_found', { resource: 'retriever', id: identifier })
  return retriever
}
