import type { Ports } from '../../ports/ports.ts'
import { insertRetriever } from '../../store/retrievers.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { resourceName } from '../resource-name.ts'
import type { NameRules } from '../resource-name.ts'
import type { Retriever } from './retriever.ts'
import type { PipelineSpec } from './runnable.ts'
import { parsePipeline } from './runnable.ts'

export const retrieverNames: NameRules = {
  idPrefix: 'ret',
  reserved: ['list', 'stages', 'execute', 'executions'],
  lengthMax: 255,
}

/** The body as the client sent it; `name` is the one-class client's word (contract 2.2). */
export interface RetrieverSpec extends PipelineSpec {
  retriever_name?: unknown
  name?: unknown
  description?: string | null | undefined
  tags?: string[] | null | undefined
  display_config?: unknown
  visibility?: Retriever['visibility'] | null | undefined
}

/** Throws `already_exists` where the name is taken, `request_invalid` for what could never run (contract 17.1). */
export async function createRetriever(
  ports: Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>,
  namespace: Namespace,
  userId: string,
  spec: RetrieverSpec,
): Promise<Retriever> {
  const nameAt =
    spec.retriever_name === undefined && spec.name !== undefined ? 'name' : 'retriever_name'
  const name = resourceName(spec[nameAt], ['body', nameAt], retrieverNames)
  const { stages, collectionIds, inputSchema, budgetLimits } = await parsePipeline(
    ports,
    namespace,
    spec,
  )
  const at = ports.now()
  const retriever: Retriever = {
    id: ports.newId('ret'),
    namespaceId: namespace.id,
    name,
    description: spec.description ?? null,
    stages,
    collectionIds,
    inputSchema,
    budgetLimits,
    tags: spec.tags ?? [],
    displayConfig: spec.display_config ?? null,
    visibility: spec.visibility ?? 'private',
    version: 1,
    createdAt: at,
    updatedAt: at,
    createdBy: userId === '' ? null : userId,
  }
  if (!(await insertRetriever(ports.db, retriever))) {
    throw fail('already_exists', { resource: 'retriever', name })
  }
  ports.cache.forget('retrievers')
  return retriever
}
