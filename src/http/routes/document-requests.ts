import { z } from 'zod'
import { filterLimits, type FilterConfig } from '../../domain/filters/filter-limits.ts'
import { parseFilter } from '../../domain/filters/parse-filter.ts'
import type { Filter } from '../../domain/filters/filter.ts'

export const ofCollection = z.object({ collection_identifier: z.string().min(1) })

/** What reading documents can end with, besides what the edge itself answers. */
export const readingFailures = [
  'unauthorized',
  'forbidden',
  'request_invalid',
  'bad_request',
  'not_found',
  'engine_busy',
  'engine_unavailable',
] as const
export const changingFailures = [...readingFailures, 'conflict'] as const

/** `filters` of a body, with the server's limits. Throws `request_invalid`. */
export function filterOf(config: FilterConfig, filters: unknown): Filter | null {
  return parseFilter(filters, ['body', 'filters'], { limits: filterLimits(config) })
}
