import type { Ports } from '../../ports/ports.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Execution } from './execute-retriever.ts'
import { recordExecution } from './execution-log.ts'
import type { Runnable } from './runnable.ts'

/** Beside the answer, once there is time. */
export function keepExecution(
  ports: Ports,
  { id: namespaceId }: Namespace,
  { retrieverId }: Runnable,
  execution: Execution,
): void {
  recordExecution(ports, {
    id: execution.id,
    namespaceId,
    retrieverId,
    status: execution.error === null ? 'completed' : 'failed',
    detail: {
      stages: execution.statistics,
      stages_total: execution.stagesTotal,
      error: execution.error,
    },
    totalReturned: execution.results.documents.length,
    durationMs: execution.durationMs,
    createdAt: execution.createdAt,
  })
}

/** A request that was wrong is no execution. */
export function keepFailure(
  ports: Ports,
  { id: namespaceId }: Namespace,
  { retrieverId }: Runnable,
  { id, createdAt, durationMs }: Pick<Execution, 'id' | 'createdAt' | 'durationMs'>,
  error: unknown,
): void {
  if (isFailure(error) && error.kind !== 'unavailable' && error.kind !== 'exhausted') return
  const detail = { error: error instanceof Error ? error.message : String(error) }
  recordExecution(ports, {
    id,
    namespaceId,
    retrieverId,
    status: 'failed',
    detail,
    totalReturned: 0,
    durationMs,
    createdAt,
  })
}
