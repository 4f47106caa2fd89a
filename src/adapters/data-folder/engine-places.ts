import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

export const enginePlacesFile = 'engines.json'

const EnginePlaces = z.object({
  /** Of the product: processes of one folder are of one version. */
  version: z.string(),
  pid: z.int(),
  /** Connection string of the embedded PostgreSQL; null where `DATABASE_URL` names another. */
  databaseUrl: z.string().nullable(),
  /** Where the embedded engine answers on loopback; null where `QDRANT_URL` names another. */
  engine: z.object({ url: z.string(), apiKey: z.string() }).nullable(),
})
/** Where the process that owns a folder's engines lets others use them. */
export type EnginePlaces = z.infer<typeof EnginePlaces>

/** Readable by the folder's owner only, for it holds keys; replaced at once, so that nobody reads half of it. */
export async function writeEnginePlaces(folder: string, places: EnginePlaces): Promise<void> {
  const path = join(folder, enginePlacesFile)
  const fresh = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(fresh, `${JSON.stringify(places)}\n`, { mode: 0o600 })
  await rename(fresh, path)
}

/** Null where nobody has said so, or another version in other words. What it names may be gone: its writer was killed. */
export async function readEnginePlaces(folder: string): Promise<EnginePlaces | null> {
  try {
    return EnginePlaces.parse(JSON.parse(await readFile(join(folder, enginePlacesFile), 'utf8')))
  } catch {
    return null
  }
}

export async function removeEnginePlaces(folder: string): Promise<void> {
  await rm(join(folder, enginePlacesFile), { force: true })
}
