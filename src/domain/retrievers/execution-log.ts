import type { Ports } from '../../ports/ports.ts'
import { insertExecutions, removeExecutionsBefore } from '../../store/executions.ts'
import type { ExecutionRecord } from '../../store/executions.ts'
import type { Db } from '../../store/tables.ts'

type LogPorts = Pick<Ports, 'db' | 'log' | 'config' | 'now'>

const cleanupIntervalMs = 3_600_000
const dayMs = 86_400_000
/** So many are written without waiting for more: a thousand at once keep the database busy for fifty milliseconds. */
const flushRows = 64

/** Records that wait to be written, one log a database. */
interface ExecutionLog {
  waiting: ExecutionRecord[]
  dropped: number
  timer: NodeJS.Timeout | null
  /** Under way, or to come after one that is. */
  flushes: number
  flushed: Promise<void>
  cleanedAt: number
}

const logs = new WeakMap<Db, ExecutionLog>()

/** Remembers an execution without making it wait for SQL (design 7, HTTP); a full queue drops the newest. */
export function recordExecution(ports: LogPorts, record: ExecutionRecord): void {
  const log = logOf(ports.db)
  if (log.waiting.length >= ports.config.executionsPendingMax) log.dropped += 1
  else log.waiting.push(record)
  if (log.flushes === 0) later(ports, log)
}

/** Writes what waits, after what is being written. Never throws: a record is worth a log line, no more. */
export function flushExecutions(ports: LogPorts): Promise<void> {
  const log = logOf(ports.db)
  log.flushes += 1
  log.flushed = log.flushed.then(async () => {
    await write(ports, log)
    log.flushes -= 1
    if (log.flushes === 0 && log.waiting.length > 0) later(ports, log)
  })
  return log.flushed
}

async function write(ports: LogPorts, log: ExecutionLog): Promise<void> {
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

function later(ports: LogPorts, log: ExecutionLog): void {
  if (log.waiting.length >= flushRows) void flushExecutions(ports)
  else
    log.timer ??= setTimeout(
      () => void flushExecutions(ports),
      ports.config.executionFlushMs,
    ).unref()
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
  const log: ExecutionLog = {
    waiting: [],
    dropped: 0,
    timer: null,
    flushes: 0,
    flushed: Promise.resolve(),
    cleanedAt: 0,
  }
  logs.set(db, log)
  return log
}
