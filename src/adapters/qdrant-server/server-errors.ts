import {
  QdrantClientResourceExhaustedError,
  QdrantClientTimeoutError,
  QdrantClientUnexpectedResponseError,
} from '@qdrant/js-client-rest'
import { fail } from '../../domain/failure.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'

/**
 * What the client threw as what the port promises: a 4xx is a refusal, a broken connection or another
 * status no answer. Anything else is not the client's, and stays what it is.
 */
export function serverFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const status = statusOf(error)
  if (status === null && !isConnectionError(error)) return error
  if (status !== null && status >= 400 && status < 500 && !isNotAboutTheCall(status)) {
    return new EngineRejection(reasonOf(error), { cause: error })
  }
  return fail(
    'engine_unavailable',
    { engine: 'qdrant-server', reason: reasonOf(error) },
    { cause: error },
  )
}

/** The HTTP status of an answered call; null where nothing was answered. */
export function statusOf(error: unknown): number | null {
  return hasStatus(error) ? error.status : null
}

/** Whether nothing was done for the call: nobody listened there, or somebody else who does not know our key. */
export function isUnheard(error: unknown): boolean {
  if (statusOf(error) === 401) return true
  const cause = error instanceof Error ? error.cause : null
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

/** Our key, the server's patience and its load are no faults of a request. */
function isNotAboutTheCall(status: number): boolean {
  return [401, 403, 408, 429].includes(status)
}

function isConnectionError(error: Error): boolean {
  return (
    error instanceof QdrantClientTimeoutError ||
    error instanceof QdrantClientResourceExhaustedError ||
    error instanceof QdrantClientUnexpectedResponseError ||
    // fetch says so little by itself: before the answer and in the middle of it.
    (error instanceof TypeError && ['fetch failed', 'terminated'].includes(error.message))
  )
}

/** Qdrant's own sentence, `{status: {error}}`, where there is one. */
function reasonOf(error: Error): string {
  if ('data' in error && isErrorBody(error.data)) return error.data.status.error
  const status = statusOf(error)
  if (status !== null) return `HTTP ${status}`
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

function hasStatus(error: unknown): error is { status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

function isErrorBody(data: unknown): data is { status: { error: string } } {
  if (typeof data !== 'object' || data === null || !('status' in data)) return false
  const { status } = data
  return (
    typeof status === 'object' &&
    status !== null &&
    'error' in status &&
    typeof status.error === 'string'
  )
}
