import { invalid } from '../failure.ts'
import { isRecord, parseParameters } from '../parse-parameters.ts'
import { z } from 'zod'

export type PageMethod = 'cursor' | 'offset' | 'keyset' | 'scroll'

/** Which of the documents found are answered. `limit` null: as many as the stages say. */
export interface ResultPage {
  method: PageMethod
  limit: number | null
  offset: number
  /** Where the read gate has to go on; null: at `offset`. */
  cursor: string | null
}

const pageMax = 500
const cursorSchema = z.strictObject({
  method: z.literal('cursor').optional(),
  limit: z.int().min(1).max(pageMax).optional(),
  cursor: z.string().optional(),
})
const offsetSchema = z.strictObject({
  method: z.literal('offset').optional(),
  page_size: z.int().min(1).max(pageMax).default(10),
  page_number: z.int().min(1).max(10_000).default(1),
  limit: z.int().min(1).max(pageMax).optional(),
  offset: z.int().min(0).max(10_000).optional(),
})
const keysetSchema = z.strictObject({
  method: z.literal('keyset').optional(),
  limit: z.int().min(1).max(pageMax).optional(),
  after: z.union([z.record(z.string(), z.unknown()), z.string()]).optional(),
})
const scrollSchema = z.strictObject({
  method: z.literal('scroll').optional(),
  limit: z.int().min(1).max(1_000).default(100),
  scroll_id: z.string().optional(),
  scroll_ttl: z.int().min(60).max(3_600).optional(),
})

/**
 * The `pagination` of an execute body (contract 17.3), its method inferred where it is not said (contract 2.1, trap
 * 16), and the bare `limit` beside it. Throws `request_invalid` for a page out of bounds or a foreign cursor.
 */
export function resultPage(given: unknown, limit: number | undefined): ResultPage {
  if (given === undefined || given === null)
    return { method: 'cursor', limit: limit ?? null, offset: 0, cursor: null }
  const at = ['body', 'pagination']
  switch (methodOf(given, at)) {
    case 'offset': {
      const {
        page_size,
        page_number,
        limit: size = page_size,
        offset,
      } = parseParameters(offsetSchema, given, at)
      return {
        method: 'offset',
        limit: size,
        offset: offset ?? (page_number - 1) * size,
        cursor: null,
      }
    }
    case 'keyset': {
      const { limit: size, after } = parseParameters(keysetSchema, given, at)
      const cursor = isRecord(after) ? after['cursor'] : after
      return { method: 'keyset', limit: size ?? limit ?? 10, ...place(cursor, [...at, 'after']) }
    }
    case 'scroll': {
      const { limit: size, scroll_id: id } = parseParameters(scrollSchema, given, at)
      return { method: 'scroll', limit: size, ...place(id, [...at, 'scroll_id']) }
    }
    case 'cursor': {
      const { limit: size, cursor } = parseParameters(cursorSchema, given, at)
      return { method: 'cursor', limit: size ?? limit ?? 10, ...place(cursor, [...at, 'cursor']) }
    }
  }
}

function methodOf(given: unknown, at: string[]): PageMethod {
  if (!isRecord(given)) throw invalid(at, 'must be an object', 'wrong_type')
  const { method } = given
  const known: readonly PageMethod[] = ['cursor', 'offset', 'keyset', 'scroll']
  const named = known.find((one) => one === method)
  if (named) return named
  if (method !== undefined && method !== null) {
    throw invalid([...at, 'method'], `must be one of ${known.join(', ')}`, 'invalid_value')
  }
  const has = (...keys: string[]) =>
    keys.some((key) => given[key] !== undefined && given[key] !== null)
  if (has('page_size', 'page_number', 'offset')) return 'offset'
  if (has('scroll_id', 'scroll_ttl')) return 'scroll'
  return has('after') ? 'keyset' : 'cursor'
}

/** A place in the results of the same execution again: a number of documents, or a place of the read gate. */
export function cursorAt(next: { offset: number } | { cursor: string }): string {
  return Buffer.from(JSON.stringify(next)).toString('base64url')
}

function place(cursor: unknown, at: string[]): { offset: number; cursor: string | null } {
  if (cursor === undefined || cursor === null || cursor === '') return { offset: 0, cursor: null }
  const parsed = typeof cursor === 'string' ? parseCursor(cursor) : null
  if (parsed) return parsed
  throw invalid(
    at,
    'is no cursor of this retriever; take it from the pagination of the answer before',
    'invalid_cursor',
  )
}

function parseCursor(text: string): { offset: number; cursor: string | null } | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!isRecord(parsed)) return null
    const { offset, cursor } = parsed
    if (typeof cursor === 'string') return { offset: 0, cursor }
    return Number.isSafeInteger(offset) && Number(offset) >= 0
      ? { offset: Number(offset), cursor: null }
      : null
  } catch {
    return null
  }
}
