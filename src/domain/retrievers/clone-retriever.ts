import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { createRetriever, type RetrieverSpec } from './create-retriever.ts'
import { findRetriever } from './find-retriever.ts'
import type { Retriever } from './retriever.ts'

/**
 * Another retriever like one that is there, but for what is given: the way to change what cannot be patched (contract
 * 17.2). Checked as a new one is. Throws `not_found`, `already_exists`, `request_invalid`.
 */
export async function cloneRetriever(
  ports: Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>,
  namespace: Namespace,
  userId: string,
  identifier: string,
  given: RetrieverSpec,
): Promise<{ retriever: Retriever; source: Retriever }> {
  const source = await findRetriever(ports, namespace, identifier)
  const collections = given.collection_identifiers ?? given.collection_ids ?? source.collectionIds
  const retriever = await createRetriever(ports, namespace, userId, {
    retriever_name: given.retriever_name ?? given.name,
    stages: given.stages ?? source.stages,
    collection_identifiers: collections,
    input_schema: given.input_schema ?? source.inputSchema,
    budget_limits: given.budget_limits ?? source.budgetLimits,
    description: given.description ?? source.description,
    tags: given.tags ?? source.tags,
    display_config: given.display_config ?? source.displayConfig,
    visibility: given.visibility ?? source.visibility,
  })
  return { retriever, source }
}
