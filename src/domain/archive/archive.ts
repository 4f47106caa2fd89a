import { z } from 'zod'

/** Grows when what stands in an archive changes its form; every later version reads the earlier ones. */
export const archiveFormat = 1

/** Whose archive it is, what wrote it, and which namespaces stand in it. */
export const ArchiveHeader = z.object({
  archive_id: z.string().min(1).max(100),
  archive_format: z.int().min(1),
  /** Of Nacre. */
  version: z.string().max(100),
  /** Number of the last migration that the tables had seen. */
  schema: z.int().min(1),
  /** Of the server: its first organization. */
  server_id: z.string().max(100),
  organizations: z.array(z.string().min(1).max(100)).min(1),
  namespaces: z.array(z.object({ id: z.string().min(1).max(100), points: z.int().min(0) })),
})
export type ArchiveHeader = z.infer<typeof ArchiveHeader>

/** A document as it stands in an archive: a line of `points.ndjson`, in the order of ids. */
export interface ArchivePoint {
  id: string
  /** Of `_internal`: which of two lines of one document is the newer. */
  updated_at: string | null
  payload: Record<string, unknown>
  /** Storage vector name → numbers, a list of them, or indices and values. */
  vectors: Record<string, unknown>
}

/** Work that waits in the queue: what was begun goes on where the archive is loaded. */
export const ArchiveJob = z.object({
  name: z.string().min(1).max(200),
  payload: z.record(z.string(), z.unknown()),
  delay_seconds: z.number().min(0),
  singleton_key: z.string().nullable(),
})
export type ArchiveJob = z.infer<typeof ArchiveJob>
