import type { z } from 'zod'
import type { FailureCode } from '../domain/failure.ts'
import type { Namespace } from '../domain/namespaces/namespace.ts'
import type { Permission, Principal } from '../domain/organizations/principal.ts'
import type { Ports } from '../ports/ports.ts'
import type { JsonText } from './answer.ts'
import type { EventStream } from './event-stream.ts'

type Schema = z.ZodType
type Input<S> = S extends Schema ? z.infer<S> : undefined

/** Who may call: `public` needs no key; else the weakest permission that suffices. */
export type Access = 'public' | Permission

/** How the body is read. `json` treats an empty body as absent (contract 2.1, 3). */
export type BodyKind = 'json' | 'ndjson' | 'multipart' | 'raw'

/** This process, as it tells of itself. */
export interface About {
  version: string
  /** Of the data folder (design 6). */
  dataFormat: number
  startedAt: Date
  routes: readonly Route[]
}

/** What a handler is given besides its parsed input. */
export interface CallContext {
  ports: Ports
  principal: Principal
  /** What runs here; health and the OpenAPI document tell it. */
  about: About
  requestId: string
  /** Aborted where the client goes or the request's time is up. */
  signal: AbortSignal
  headers: Headers
  /** Bytes of an `ndjson`, `multipart` or `raw` body, as they come. */
  stream: AsyncIterable<Uint8Array>
  setHeader: (name: string, value: string) => void
}

export interface NamespaceCall extends CallContext {
  /** The namespace of `X-Namespace`, of the caller's organization. */
  namespace: Namespace
}

/** One operation of the API: router, OpenAPI document, reference and tests all read this object. */
export interface Route {
  operationId: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/v1/buckets/{bucket_identifier}`; static segments win over parameters. */
  path: `/v1/${string}`
  summary: string
  tag: string
  access: Access
  /** `namespace`: `X-Namespace` is resolved before the handler runs. */
  scope: 'organization' | 'namespace'
  params?: Schema
  query?: Schema
  bodyKind: BodyKind
  body?: Schema
  /** False: an absent body is parsed as `{}`. */
  bodyRequired: boolean
  /** False: a write that adds next to nothing, and that may be what a full disk needs. */
  needsRoom?: boolean
  status: 200 | 201 | 202 | 204
  /** Null: 204 without a body. */
  response: Schema | null
  /** The media type of an answer that is no JSON: then the handler returns a `Download`. */
  answerType?: string
  /** One event, where clients may ask for the answer as a stream of them: then the handler returns an `EventStream`. */
  event?: Schema
  failures: readonly FailureCode[]
  handle(call: never): Promise<unknown>
}

interface Given<P, Q, B, R, S> {
  operationId: string
  method: Route['method']
  path: `/v1/${string}`
  summary: string
  tag: string
  access: Access
  scope?: S
  params?: P
  query?: Q
  bodyKind?: BodyKind
  body?: B
  bodyRequired?: boolean
  needsRoom?: boolean
  status?: Route['status']
  response: R
  answerType?: string
  event?: Schema
  failures: readonly FailureCode[]
  handle(
    call: (S extends 'namespace' ? NamespaceCall : CallContext) & {
      params: Input<P>
      query: Input<Q>
      body: Input<B>
    },
  ): Promise<(R extends Schema ? z.input<R> : void) | JsonText | EventStream>
}

/** Types `handle` from the schemas: a wrong shape, status or path does not compile. */
export function route<
  R extends Schema | null,
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  S extends 'organization' | 'namespace' = 'organization',
>(given: Given<P, Q, B, R, S>): Route {
  const { scope, params, query, body, ...rest } = given
  return {
    ...rest,
    scope: scope ?? 'organization',
    bodyKind: given.bodyKind ?? 'json',
    bodyRequired: given.bodyRequired ?? false,
    status: given.status ?? (given.response === null ? 204 : 200),
    ...(params && { params }),
    ...(query && { query }),
    ...(body && { body }),
    handle: (call: never) => given.handle(call),
  }
}

/**
 * Whether a call of it can make the data grow: refused while the disk has no room. What reads and deletes goes on, and so
 * does what an operator needs then: keys, a dump; a load and a repair find the engine's own limit.
 */
export function growsData({ access, method, needsRoom = true }: Route): boolean {
  return needsRoom && access === 'write' && method !== 'GET' && method !== 'DELETE'
}
