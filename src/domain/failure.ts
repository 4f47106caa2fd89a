/** What an edge decides on: HTTP its status, the worker its retry, the CLI its exit code. */
export type FailureKind =
  | 'invalid'
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method'
  | 'conflict'
  | 'too_large'
  | 'media_type'
  | 'exhausted'
  | 'unavailable'

/** One wrong place in a request: where, what kind of value stands there, what would be right. */
export interface Fault {
  /** `['body', 'payload_indexes', 0, 'type']`; the first part is body, query, path or header. */
  location: (string | number)[]
  message: string
  /** Short machine word, e.g. `missing`, `wrong_type`, `unknown_field`, `out_of_range`. */
  type: string
}

/** Every failure a caller can act on, and what it tells. Anything else that is thrown is a bug. */
export interface Failures {
  request_invalid: { faults: readonly Fault[]; hint?: string | undefined }
  bad_request: {
    reason: string
    hint?: string | undefined
    details?: Record<string, unknown> | undefined
  }
  unauthorized: { reason: string }
  forbidden: { reason: string; needed?: string | undefined }
  not_enabled: { feature: string; hint?: string | undefined }
  quota_exceeded: { resource: string; current: number; limit: number }
  not_found: { resource: string; id: string; hint?: string | undefined }
  route_not_found: { method: string; path: string; hint?: string | undefined }
  method_not_allowed: { method: string; path: string; allowed: readonly string[] }
  already_exists: { resource: string; name: string }
  conflict: {
    reason: string
    hint?: string | undefined
    details?: Record<string, unknown> | undefined
  }
  body_too_large: { limitBytes: number; setting: string }
  media_type_unsupported: { given: string; wanted: string }
  engine_busy: { limit: number }
  engine_unavailable: { engine: string; reason: string }
  database_unavailable: { reason: string }
  storage_unavailable: { reason: string }
  /** The disk of the data folder is full or cannot be written: reads go on, and so do deletes for a while. */
  disk_unavailable: { reason: string }
  inference_unavailable: { model: string; reason: string }
  /** This machine cannot run plugins at all: `reason` says what to install. */
  plugins_unavailable: { reason: string }
  /** The plugin's own fault, in its own words. */
  plugin_failed: { pluginId: string; reason: string }
  request_timeout: { limitMs: number }
}
export type FailureCode = keyof Failures

type Row<C extends FailureCode> = {
  kind: FailureKind
  /** The stable word on the wire (contract 3.1). */
  type: string
  message: (detail: Failures[C]) => string
}

const table: { readonly [C in FailureCode]: Row<C> } = {
  request_invalid: {
    kind: 'invalid',
    type: 'ValidationError',
    message: (d) => d.faults.map((f) => `${f.location.join('.')}: ${f.message}`).join('; '),
  },
  bad_request: { kind: 'bad_request', type: 'BadRequestError', message: (d) => d.reason },
  unauthorized: { kind: 'unauthorized', type: 'UnauthorizedError', message: (d) => d.reason },
  forbidden: { kind: 'forbidden', type: 'ForbiddenError', message: (d) => d.reason },
  not_enabled: {
    kind: 'forbidden',
    type: 'NotEnabledError',
    message: (d) => `${d.feature} is not available in this version.`,
  },
  quota_exceeded: {
    kind: 'forbidden',
    type: 'QuotaExceededError',
    message: (d) => `${d.resource}: ${d.current} of at most ${d.limit}.`,
  },
  not_found: {
    kind: 'not_found',
    type: 'NotFoundError',
    message: (d) => `${capital(d.resource)} '${d.id}' does not exist.`,
  },
  route_not_found: {
    kind: 'not_found',
    type: 'NotFoundError',
    message: (d) => `There is no route ${d.method} ${d.path}.`,
  },
  method_not_allowed: {
    kind: 'method',
    type: 'MethodNotAllowedError',
    message: (d) => `${d.path} does not take ${d.method}; it takes ${d.allowed.join(', ')}.`,
  },
  already_exists: {
    kind: 'conflict',
    type: 'AlreadyExistsError',
    message: (d) => `${capital(d.resource)} '${d.name}' already exists.`,
  },
  conflict: { kind: 'conflict', type: 'ConflictError', message: (d) => d.reason },
  body_too_large: {
    kind: 'too_large',
    type: 'PayloadTooLargeError',
    message: (d) => `The body is larger than ${d.limitBytes} bytes (${d.setting}).`,
  },
  media_type_unsupported: {
    kind: 'media_type',
    type: 'UnsupportedMediaTypeError',
    message: (d) => `Content-Type '${d.given}' is not understood here; send ${d.wanted}.`,
  },
  engine_busy: {
    kind: 'exhausted',
    type: 'TooManyRequestsError',
    message: (d) => `The vector engine has ${d.limit} calls waiting; try again.`,
  },
  engine_unavailable: {
    kind: 'unavailable',
    type: 'QdrantError',
    message: (d) => `${d.engine} does not answer: ${d.reason}`,
  },
  database_unavailable: {
    kind: 'unavailable',
    type: 'StorageError',
    message: (d) => `PostgreSQL does not answer: ${d.reason}`,
  },
  storage_unavailable: {
    kind: 'unavailable',
    type: 'StorageError',
    message: (d) => `The store of originals does not answer: ${d.reason}`,
  },
  disk_unavailable: {
    kind: 'unavailable',
    type: 'StorageError',
    message: (d) => `Nothing more can be stored now: ${d.reason}.`,
  },
  inference_unavailable: {
    kind: 'unavailable',
    type: 'InferenceServiceUnavailableError',
    message: (d) => `The model ${d.model} does not answer: ${d.reason}`,
  },
  plugins_unavailable: {
    kind: 'unavailable',
    type: 'InferenceServiceUnavailableError',
    message: (d) => `Plugins cannot run here: ${d.reason}`,
  },
  plugin_failed: {
    kind: 'bad_request',
    type: 'FeatureExtractionError',
    message: (d) => `Plugin ${d.pluginId}: ${d.reason}`,
  },
  request_timeout: {
    kind: 'unavailable',
    type: 'TimeoutError',
    message: (d) => `The request took longer than ${d.limitMs} ms.`,
  },
}

/** Every code with its kind and word on the wire, for the reference page and its test. */
export const failureReference: readonly { code: FailureCode; kind: FailureKind; type: string }[] =
  Object.entries(table).map(([code, { kind, type }]) => ({ code: code as FailureCode, kind, type }))

export class Failure<C extends FailureCode = FailureCode> extends Error {
  override readonly name = 'Failure'
  readonly code: C
  readonly kind: FailureKind
  readonly type: string
  readonly detail: Failures[C]

  constructor(code: C, detail: Failures[C], options?: ErrorOptions) {
    const row: Row<C> = table[code]
    super(row.message(detail), options)
    this.code = code
    this.kind = row.kind
    this.type = row.type
    this.detail = detail
  }
}

/** `throw fail('not_found', { resource: 'namespace', id })`: the code decides what the detail must hold. */
export function fail<C extends FailureCode>(
  code: C,
  detail: Failures[C],
  options?: ErrorOptions,
): Failure<C> {
  return new Failure(code, detail, options)
}

/** One fault as a `request_invalid`: `throw invalid(['body', 'name'], 'is missing; …', 'missing')`. */
export function invalid(
  location: (string | number)[],
  message: string,
  type = 'invalid',
  hint?: string,
): Failure<'request_invalid'> {
  return fail('request_invalid', { faults: [{ location, message, type }], hint })
}

export function isFailure<C extends FailureCode>(error: unknown, code?: C): error is Failure<C> {
  return error instanceof Failure && (code === undefined || error.code === code)
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
