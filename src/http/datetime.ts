import { z } from 'zod'

const form =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/**
 * A time as clients send it: RFC 3339, a naive one (UTC is meant), a bare date (contract 1.3). Parsed to a Date.
 */
export const datetime = z
  .union([z.string(), z.number()])
  .transform((given, context) => {
    const date = typeof given === 'number' ? new Date(given * 1000) : parseTime(given)
    if (date && !Number.isNaN(date.getTime())) return date
    const message = `'${String(given).slice(0, 60)}' is not a date and time; it must be one such as 2026-01-31T10:30:00Z`
    context.addIssue({ code: 'custom', message, params: { type: 'invalid_format' } })
    return z.NEVER
  })
  .meta({ type: 'string', format: 'date-time' })

function parseTime(text: string): Date | null {
  const found = form.exec(text.trim())
  if (!found) return null
  const [, day = '', time = '00:00:00', zone = 'Z'] = found
  const date = new Date(`${day}T${time}${zone.toUpperCase()}`)
  // `2026-02-31` would silently become March.
  const start = new Date(`${day}T00:00:00Z`)
  const isReal = !Number.isNaN(start.getTime()) && start.toISOString().startsWith(day)
  return isReal ? date : null
}
