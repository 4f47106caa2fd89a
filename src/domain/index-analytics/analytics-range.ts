const hourMs = 3_600_000
const unitMs = { h: hourMs, d: 24 * hourMs } as const

/** `24h`, `7d` → milliseconds (contract 21). The pattern is held where the text comes in. */
export function periodMs(period: string): number {
  const unit = period.endsWith('d') ? unitMs.d : unitMs.h
  return Number.parseInt(period, 10) * unit
}

/** When a range of `ms` up to now began; never before the epoch. */
export function since(now: Date, ms: number): Date {
  return new Date(Math.max(0, now.getTime() - ms))
}

export function hoursMs(hours: number): number {
  return hours * hourMs
}

export function daysMs(days: number): number {
  return days * unitMs.d
}
