import type { Ports } from '../../ports/ports.ts'
import { insertExecutions, removeExecutionsBefore } from '../../store/executions.ts'
import type { ExecutionRecord } from '../../store/executions.ts'
import type { Db } from '../../store/tables.ts'

type LogPorts = Pick<Ports, 'db' | 'log' | 'config' | 'now'>

const cleanupIntervalMs = 3_600_000
const dayMs = 86_400_000

/** Records that wait to be written, one log a database. */
interface ExecutionLog {
  waiting: ExecutionRecord[]
  dropped: number
  timer: NodeJS.Timeout | null
  cleanedAt: number
}

const logs = new WeakMap<Db, ExecutionLog>()

/** Remembers an execution without making it wait for SQL (design 7, HTTP); a full queue drops the newest. */
export function recordExecution(ports: LogPorts, record: ExecutionRecord): void {
  const log = logOf(ports.db)
  if (log.waiting.length >= ports.config.executionsPendingMax) log.dropped += 1
  else log.waiting.push(record)
  log.timer ??= setTimeout(() => void flushExecutions(ports), ports.config.executionFlushMs).unref()
}

/** Writes what waits. Never throws: a record of an execution is worth a log line, no more. */
export async function flushExecutions(ports: LogPorts): Promise<void> {
  const log = logOf(ports.db)
  if (log.timer) clearTimeout(log.timer)
  log.timer = null
  const records = log.waiting.splice(0)
  const { dropped } = log
  log.dropped = 0
  if (dropped > 0) ports.log.warn({ dropped }, 'records of executions were not kept')
  try {
    if (records.length > 0) await insertExecutions(ports.db, records)
    await cleanUp(ports, log)
  } catch (error) {
    ports.log.warn(
      { err: error, executions: records.length },
      'records of executions were not written',
    )
  }
}

async function cleanUp(ports: LogPorts, log: ExecutionLog): Promise<void> {
  const now = ports.now().getTime()
  if (now - log.cleanedAt < cleanupIntervalMs) return
  log.cleanedAt = now
  await removeExecutionsBefore(ports.db, new Date(now - ports.config.executionDaysMax * dayMs))
}

function logOf(db: Db): ExecutionLog {
  const known = logs.get(db)
  if (known) return known
  const log: ExecutionLog = { waiting: [], dropped: 0, timer: null, cleanedAt: 0 }
  logs.set(db, log)
  return log
}
