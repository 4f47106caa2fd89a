import { z } from 'zod'

/** What stands behind the path of a URL that we signed (domain/signed-paths.ts). */
export const signedQuery = z.object({
  expires: z.string().regex(/^\d{1,12}$/),
  signature: z.string().min(1).max(200),
})
