import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { executionOf, readExecution, type ExecutionRecord } from '../../store/executions.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import { fail } from '../failure.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { flushExecutions } from './execution-log.ts'
import { adhocSummary, executionSummary } from './execution-record-answer.ts'

type HistoryPorts = Pick<Ports, 'db' | 'log' | 'config' | 'now'>

/** Which executions: of one retriever, or of pipelines that were never saved (null). */
export interface ExecutionsAsked {
  retrieverId: string | null
  status?: string | null | undefined
  startTime?: Date | null | undefined
  endTime?: Date | null | undefined
}

/** The newest first where no order was asked. What waits to be written is written first. */
export async function listExecutions(
  ports: HistoryPorts,
  { id: namespaceId }: Namespace,
  asked: ExecutionsAsked,
  request: ListRequest,
): Promise<ListResult<ExecutionRecord>> {
  await flushExecutions(ports)
  const listed: Listed<'executions', ExecutionRecord> = {
    table: 'executions',
    where: conditions(namespaceId, asked),
    columns: {
      execution_id: 'id',
      status: 'status',
      created_at: 'created_at',
      timestamp: 'created_at',
    },
    read: (rows) => rows.map(executionOf),
    view: asked.retrieverId === null ? adhocSummary : executionSummary,
  }
  const sort = request.sort.length > 0 ? request.sort : newestFirst
  return await listPage(ports, listed, { ...request, sort: [...sort] })
}

const newestFirst = [{ field: 'created_at', direction: 'desc' }] as const

function conditions(
  namespaceId: string,
  { retrieverId, status, startTime, endTime }: ExecutionsAsked,
): RawBuilder<SqlBool> {
  const all = [
    sql<SqlBool>`namespace_id = ${namespaceId}`,
    sql<SqlBool>`retriever_id IS NOT DISTINCT FROM ${retrieverId}`,
  ]
  if (status) all.push(sql<SqlBool>`status = ${status.toLowerCase()}`)
  if (startTime) all.push(sql<SqlBool>`created_at >= ${startTime}`)
  if (endTime) all.push(sql<SqlBool>`created_at <= ${endTime}`)
  return sql<SqlBool>`${sql.join(all, sql` AND `)}`
}

/** Throws `not_found`, for one of another retriever or namespace, too. */
export async function findExecution(
  ports: HistoryPorts,
  { id: namespaceId }: Namespace,
  retrieverId: string | null,
  id: string,
): Promise<ExecutionRecord> {
  await flushExecutions(ports)
  const found = await readExecution(ports.db, { namespaceId, retrieverId }, id)
  if (found) return found
  const { executionDaysMax: days } = ports.config
  const hint = `Records of executions are kept for ${days} days (NACRE_EXECUTION_DAYS_MAX).`
  throw fail('not_found', { resource: 'execution', id, hint })
}
