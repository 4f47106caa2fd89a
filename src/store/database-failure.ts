import { fail } from '../domain/failure.ts'

/** SQLSTATE classes and codes that say: not this query, the server or the way to it. */
const unavailableStates = [
  /^08/, // connection exceptions
  /^57P0/, // shut down, crashed, starting up
  /^53/, // out of connections, memory or disk
  /^58/, // system errors
  /^25006$/, // a standby, or told to be read-only
]
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EACCES',
])
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|The server does not support SSL)/

/**
 * `database_unavailable` for what a retry or an operator can mend; any other error unchanged: it is a bug, or a
 * constraint that its query expects.
 */
export function databaseFailure(error: unknown): unknown {
  if (!(error instanceof Error) || !isUnavailable(error)) return error
  return fail('database_unavailable', { reason: reasonOf(error) }, { cause: error })
}

/** Whether the error is PostgreSQL's with this SQLSTATE, e.g. `23503` for a foreign key. */
export function hasState(error: unknown, state: string): boolean {
  return error instanceof Error && 'code' in error && error.code === state
}

function isUnavailable(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (networkCodes.has(code) || driverMessages.test(error.message)) return true
  // Authentication and absent databases: only where a connection is opened, so never a query's fault.
  if (/^(28|3D)/.test(code)) return true
  return /^[0-9A-Z]{5}$/.test(code) && unavailableStates.some((state) => state.test(code))
}

/** The error of several tried addresses has no message of its own. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors
      .map((inner) => (inner instanceof Error ? inner.message : String(inner)))
      .join('; ')
  }
  return error.message
}
