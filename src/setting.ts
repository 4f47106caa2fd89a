import { z } from 'zod'

/** One row a setting: variable, meaning, schema with its default. `--help`, `doctor` and the reference page print this table. */
export interface Setting<S extends z.ZodType = z.ZodType> {
  variable: string
  meaning: string
  schema: S
  /** Never printed or logged. */
  isSecret: boolean
}

/** A setting that is shown to whoever may look. */
export function setting<S extends z.ZodType>(
  variable: string,
  meaning: string,
  schema: S,
): Setting<S> {
  return { variable, meaning, schema, isSecret: false }
}

/** A setting that is shown to nobody. */
export function secret<S extends z.ZodType>(
  variable: string,
  meaning: string,
  schema: S,
): Setting<S> {
  return { variable, meaning, schema, isSecret: true }
}

/** A whole number between the two, included. */
export function whole(min: number, max: number, value: number) {
  return z.coerce.number().int().min(min).max(max).default(value)
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `24h`, `30m`, `90s`, `2d`, or bare seconds → milliseconds. */
export function duration(value: string) {
  return z
    .string()
    .regex(/^\d{1,9}[smhd]?$/, 'a number of seconds, or one with s, m, h or d')
    .default(value)
    .transform((text) => {
      const unit = text.at(-1)
      const ms = unit === 'm' || unit === 'h' || unit === 'd' ? unitMs[unit] : unitMs.s
      return Number.parseInt(text, 10) * ms
    })
}
