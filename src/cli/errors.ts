import { isFailure, type FailureKind } from '../domain/failure.ts'
import { ServerStopped } from './demo/server-process.ts'
import { ServerRefused } from './reach-server.ts'

/** 0 well, 1 a bug, 2 wrong usage or settings, then one a kind of failure: scripts can tell them apart. */
const codes: Record<FailureKind, number> = {
  invalid: 2,
  bad_request: 2,
  unauthorized: 3,
  forbidden: 3,
  not_found: 4,
  method: 2,
  conflict: 5,
  too_large: 2,
  media_type: 2,
  exhausted: 6,
  unavailable: 6,
}

/** The process's exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (isFailure(error)) return codes[error.kind]
  if (!(error instanceof Error)) return 1
  if (error instanceof ServerStopped) return error.exitCode
  if (error instanceof ServerRefused) return codeOfStatus(error.status)
  if (error.name === 'DataFolderError' || error.name === 'ListenError') return 5
  if (error.name === 'EdgeUnavailable') return 6
  if (error.message.startsWith('Wrong settings')) return 2
  return 1
}

/** As the failure would end a command that met it itself; a server's own bug is no bug of the command. */
function codeOfStatus(status: number): number {
  if (status === 401 || status === 403) return 3
  if (status === 404) return 4
  if (status === 409) return 5
  return status < 429 ? 2 : 6
}

/** What a person reads: the sentence of an error we know, everything of a bug. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return `nacre: ${String(error)}`
  const isKnown = error instanceof ServerStopped || exitCodeOf(error) !== 1
  return isKnown
    ? `nacre: ${error.message}${hintOf(error)}`
    : `nacre: this is a bug.\n${error.stack ?? error.message}`
}

/** What to do about it, on a line of its own. */
function hintOf(error: Error): string {
  if (!isFailure(error) || !('hint' in error.detail)) return ''
  return typeof error.detail.hint === 'string' ? `\n  → ${error.detail.hint}` : ''
}
