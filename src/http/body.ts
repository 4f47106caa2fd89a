import type { Readable } from 'node:stream'
import { fail } from '../domain/failure.ts'
import { parseJson } from './json.ts'

/** What the Node server hands on besides the request: its own stream is faster than the web one. */
export interface NodeBindings {
  incoming?: Readable
}

export interface BodyLimits {
  sizeBytesMax: number
  depthMax: number
}

/**
 * The JSON body; undefined where it is empty, whatever the Content-Type says (contract 2.1, 3). A missing
 * Content-Type is taken as JSON. Throws `media_type_unsupported`, `body_too_large`, `bad_request`, `request_invalid`.
 */
export async function readJsonBody(
  request: Request,
  env: NodeBindings | undefined,
  limits: BodyLimits,
): Promise<unknown> {
  const { sizeBytesMax, depthMax } = limits
  if (Number(request.headers.get('content-length') ?? 0) > sizeBytesMax)
    throw tooLarge(sizeBytesMax)
  const bytes = await readAll(bodyStream(request, env), sizeBytesMax)
  if (bytes.length === 0) return undefined
  refuseForeignType(request.headers)
  return parseJson(decode(bytes), { depthMax })
}

/** The body's bytes as they come; nothing where there is no body. Leaving early keeps the connection alive. */
export async function* bodyStream(
  request: Request,
  env: NodeBindings | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!hasBody(request, env)) return
  const incoming = env?.incoming
  const chunks: AsyncIterable<Uint8Array> | null = incoming
    ? incoming.iterator({ destroyOnReturn: false })
    : request.body
  try {
    if (chunks) yield* chunks
  } catch (error) {
    throw fail('bad_request', { reason: 'The body ended before it was whole.' }, { cause: error })
  }
}

function hasBody(request: Request, env: NodeBindings | undefined): boolean {
  if (!env?.incoming) return request.body !== null
  const { headers } = request
  return Number(headers.get('content-length') ?? 0) > 0 || headers.has('transfer-encoding')
}

async function readAll(
  chunks: AsyncIterable<Uint8Array>,
  sizeBytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > sizeBytesMax) throw tooLarge(sizeBytesMax)
    parts.push(chunk)
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, sizeBytes)
}

function tooLarge(limitBytes: number) {
  return fail('body_too_large', { limitBytes, setting: 'NACRE_BODY_BYTES_MAX' })
}

const jsonType = /^(?:application\/(?:[\w.+-]+\+)?json|text\/json)$/

function refuseForeignType(headers: Headers): void {
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== '' && encoding !== 'identity') {
    const given = `Content-Encoding ${encoding}`
    throw fail('media_type_unsupported', {
      given,
      wanted: 'application/json without Content-Encoding',
    })
  }
  const given = headers.get('content-type')
  if (given === null || given.trim() === '') return
  const [type = '', ...parameters] = given
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const charset = parameters
    .find((p) => p.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  const isUtf8 = charset === undefined || charset === 'utf-8' || charset === 'utf8'
  if (!jsonType.test(type) || !isUtf8) {
    throw fail('media_type_unsupported', { given, wanted: 'application/json (UTF-8)' })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw fail('bad_request', { reason: 'The body is not UTF-8.' }, { cause: error })
  }
}
