import {
  isFailure,
  type Failure,
  type FailureCode,
  type FailureKind,
  type Fault,
} from '../domain/failure.ts'

/** Contract 3.1, and FastAPI's `detail` beside it where clients look for validation errors (contract 2.1, 11). */
export interface Envelope {
  success: false
  status: number
  error: { message: string; type: string; details: Record<string, unknown> }
  detail?: { loc: (string | number)[]; msg: string; type: string }[]
}

/** What a caller is told, and with which headers. */
export interface Problem {
  status: number
  headers: Record<string, string>
  body: Envelope
}

const statuses: Readonly<Record<FailureKind, number>> = {
  invalid: 422,
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method: 405,
  conflict: 409,
  too_large: 413,
  media_type: 415,
  exhausted: 429,
  unavailable: 503,
}

/** The HTTP status of a kind of failure; a new kind does not compile without one. */
export function statusOf(kind: FailureKind): number {
  return statuses[kind]
}

/** Kept small: clients sleep through it and repeat by themselves (contract 2.1, 13). */
const retryAfterSeconds = 1

/** The answer to what was thrown. A bug's message stays in the log: its caller gets the request's id. */
export function problemOf(error: unknown, requestId: string): Problem {
  const failure = failureOf(error)
  if (failure === null) return internalProblem(requestId)
  const status = statusOf(failure.kind)
  const faults = isFailure(failure, 'request_invalid') ? failure.detail.faults : null
  const details = { ...detailsOf(failure), request_id: requestId }
  return {
    status,
    headers: headersOf(failure),
    body: {
      success: false,
      status,
      error: { message: failure.message, type: failure.type, details },
      ...(faults && { detail: faults.map(fastApiFault) }),
    },
  }
}

/** The failure that a thrown thing is; null where it is a bug. Stores and adapters turn lost connections into failures. */
export function failureOf(error: unknown): Failure | null {
  return isFailure(error) ? error : null
}

function internalProblem(requestId: string): Problem {
  const message = `This is our fault; the log has the details under request id ${requestId}.`
  const error = { message, type: 'InternalServerError', details: { request_id: requestId } }
  return { status: 500, headers: {}, body: { success: false, status: 500, error } }
}

/** What of a failure's detail is for the caller, in the contract's words. */
function detailsOf(failure: Failure): Record<string, unknown> {
  if (isFailure(failure, 'request_invalid')) {
    const { faults, hint } = failure.detail
    return { validation_errors: faults, ...(hint !== undefined && { hint }) }
  }
  if (isFailure(failure, 'engine_busy'))
    return { limit: failure.detail.limit, retry_after: retryAfterSeconds }
  const given: Record<string, unknown> = { ...failure.detail }
  const nested = given['details']
  const omitted = isTold(failure.code) ? ['details', 'reason'] : ['details']
  const flat = Object.entries(given).filter(
    ([key, value]) => !omitted.includes(key) && value !== undefined,
  )
  return { ...Object.fromEntries(flat), ...(typeof nested === 'object' && nested) }
}

/** Whether `reason` says no more than the message does. */
function isTold(code: FailureCode): boolean {
  return (
    code === 'bad_request' || code === 'conflict' || code === 'unauthorized' || code === 'forbidden'
  )
}

function headersOf(failure: Failure): Record<string, string> {
  if (isFailure(failure, 'method_not_allowed')) return { allow: failure.detail.allowed.join(', ') }
  if (failure.kind === 'unauthorized') return { 'www-authenticate': 'Bearer' }
  if (failure.kind === 'unavailable' || failure.kind === 'exhausted') {
    return { 'retry-after': String(retryAfterSeconds) }
  }
  return {}
}

function fastApiFault(fault: Fault) {
  return { loc: fault.location, msg: fault.message, type: fault.type }
}
