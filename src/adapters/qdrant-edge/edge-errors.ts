import { getSystemErrorMessage } from 'node:util'
import type { EdgeError } from '../../../edge/index.d.ts'
import { fail, isFailure } from '../../domain/failure.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'

/**
 * What the addon threw as what the port promises: `invalid_argument` is a refusal, `operation` the
 * engine's own fault, and so is what the disk says of our files beside its own. Anything else stays what it is.
 */
export function edgeFailure(error: unknown, queueMax: number): unknown {
  if (isFailure(error, 'disk_unavailable')) return edgeUnavailable(error.detail.reason, error)
  if (isSystemError(error)) {
    const said = getSystemErrorMessage(error.errno)
    return edgeUnavailable(`its files cannot be used: ${said} (${error.code})`, error)
  }
  if (!isEdgeError(error)) return error
  switch (error.code) {
    case 'busy':
      return fail('engine_busy', { limit: queueMax }, { cause: error })
    case 'invalid_argument':
      return new EngineRejection(error.message, { cause: error })
    case 'closed':
    case 'operation':
      return edgeUnavailable(error.message, error)
  }
}

/** The engine's files or threads do not do their work: nothing a caller sent is wrong. */
export function edgeUnavailable(reason: string, cause?: unknown): Error {
  return fail('engine_unavailable', { engine: 'qdrant-edge', reason }, { cause })
}

interface SystemError extends Error {
  code: string
  errno: number
}

function isSystemError(error: unknown): error is SystemError {
  return (
    error instanceof Error &&
    'syscall' in error &&
    'code' in error &&
    'errno' in error &&
    typeof error.errno === 'number'
  )
}

export function isEdgeError(error: unknown): error is EdgeError {
  return (
    error instanceof Error &&
    'code' in error &&
    ['closed', 'invalid_argument', 'operation', 'busy'].includes(String(error.code))
  )
}
