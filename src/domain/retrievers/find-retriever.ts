import type { Ports } from '../../ports/ports.ts'
import { readRetriever } from '../../store/retrievers.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Retriever } from './retriever.ts'
import type { Runnable } from './runnable.ts'
import { timeMsMaxOf } from './runnable.ts'
import { planStages } from './stage-plan.ts'

type FindPorts = Pick<Ports, 'db' | 'cache'>

/** By id or name, the id winning; from memory on the hot path. Throws `not_found`, for a foreign one too. */
export async function findRetriever(
  ports: FindPorts,
  namespace: Pick<Namespace, 'id'>,
  identifier: string,
): Promise<Retriever> {
  const found = await ports.cache.get('retrievers', `one ${namespace.id} ${identifier}`, () =>
    readRetriever(ports.db, namespace.id, identifier),
  )
  if (!found) throw fail('not_found', { resource: 'retriever', id: identifier })
  return found
}

/** The same, its stages made ready; as long in memory as the retriever itself. */
export async function findRunnable(
  ports: FindPorts,
  namespace: Pick<Namespace, 'id'>,
  identifier: string,
): Promise<Runnable> {
  return await ports.cache.get('retrievers', `plan ${namespace.id} ${identifier}`, async () => {
    const retriever = await findRetriever(ports, namespace, identifier)
    return {
      retrieverId: retriever.id,
      stages: planStages(retriever.stages, ['body', 'stages']),
      collectionIds: retriever.collectionIds,
      inputSchema: retriever.inputSchema,
      timeMsMax: timeMsMaxOf(retriever.budgetLimits),
    }
  })
}
