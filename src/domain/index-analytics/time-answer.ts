import { z } from 'zod'

/** A time as answers have it (contract 1.3): RFC 3339, UTC with `Z`. Told by its name; a pattern would be longer than all else. */
export const TimeAnswer = z.string().meta({ format: 'date-time' })
