import { instantOf } from '../filters/instant.ts'

export const truncUnits = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const
export type TruncUnit = (typeof truncUnits)[number]
export const partUnits = [
  'year',
  'month',
  'week',
  'day',
  'dayOfWeek',
  'dayOfYear',
  'hour',
  'minute',
  'second',
] as const
export type PartUnit = (typeof partUnits)[number]

const dayMs = 86_400_000

/** The begin of the unit that a date falls in, in UTC; a week begins on Sunday. Null for what is no date. */
export function truncateDate(value: unknown, unit: TruncUnit): string | null {
  const date = dateOf(value)
  if (date === null) return null
  const begin = new Date(date)
  if (unit === 'week') begin.setUTCDate(begin.getUTCDate() - begin.getUTCDay())
  const kept = cuts[unit]
  if (kept <= 1) begin.setUTCMonth(kept === 0 ? 0 : begin.getUTCMonth(), 1)
  if (kept <= 2) begin.setUTCHours(0)
  if (kept <= 3) begin.setUTCMinutes(0)
  if (kept <= 4) begin.setUTCSeconds(0)
  begin.setUTCMilliseconds(0)
  return begin.toISOString()
}

/**
 * One number of a date, in UTC: months and days count from 1, the week of the year is 0 before its first Sunday, the
 * day of the week is 1 on Sunday (as the clients of the original know them). Null for what is no date.
 */
export function datePart(value: unknown, unit: PartUnit): number | null {
  const date = dateOf(value)
  return date === null ? null : parts[unit](date)
}

/** How much of a date stays: 0 the year alone … 5 all but fractions of a second. */
const cuts: { readonly [U in TruncUnit]: number } = {
  year: 0,
  month: 1,
  week: 2,
  day: 2,
  hour: 3,
  minute: 4,
  second: 5,
}

const parts: { readonly [U in PartUnit]: (date: Date) => number } = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  week: (date) => Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7),
  day: (date) => date.getUTCDate(),
  dayOfWeek: (date) => date.getUTCDay() + 1,
  dayOfYear,
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
}

function dayOfYear(date: Date): number {
  const first = new Date(date)
  first.setUTCMonth(0, 1)
  return Math.round((date.getTime() - first.getTime()) / dayMs) + 1
}

function dateOf(value: unknown): Date | null {
  const instant = typeof value === 'string' ? instantOf(value) : null
  if (instant === null) return null
  const micros = ((instant % 1000n) + 1000n) % 1000n
  const date = new Date(Number((instant - micros) / 1000n))
  return Number.isNaN(date.getTime()) ? null : date
}
