import { join } from 'node:path'
import type { ServerClient } from '../reach-server.ts'
import { createLines, type partPaths } from './archive-folder.ts'
import { checkSame, pointsIn, type PointsBegin } from './read-points.ts'
import { readStream, tagged } from './read-stream.ts'
import { SplitTables } from './split-tables.ts'

/** What was read of one state of a namespace. */
export interface NamespaceState {
  asOf: string
  points: number
  /** How long writers waited. */
  heldMs: number
  tables: string[]
  rows: number
  /** Files: ids and times of all documents, and the documents that were written last. */
  idsPath: string
  lastPath: string
}

/** One state of a namespace, but for the documents that were read before it. Throws `StreamCut`, `NamespaceChanged`. */
export async function readState(
  server: ServerClient,
  namespaceId: string,
  paths: ReturnType<typeof partPaths>,
  { since, begin }: { since: string; begin: PointsBegin },
  signal: AbortSignal,
): Promise<NamespaceState> {
  const idsPath = join(paths.work, 'ids.ndjson')
  const lastPath = join(paths.work, 'points.last.ndjson')
  await using ids = await createLines(idsPath)
  await using last = await createLines(lastPath)
  await using jobs = await createLines(paths.jobs)
  await using split = await SplitTables.open(paths.originals, paths.table)
  let held: Held = { as_of: '', points: 0, held_ms: 0 }
  const path = `/v1/dump/namespaces/${encodeURIComponent(namespaceId)}/state?since=${encodeURIComponent(since)}`
  for await (const lines of readStream(server, 'POST', path, signal)) {
    for (const line of lines) {
      const now = tagged(line, 'begin')
      if (now !== null) checkSame(begin, JSON.parse(now) as PointsBegin)
      const moment = tagged(line, 'held')
      if (moment !== null) held = JSON.parse(moment) as Held
    }
    await ids.write(only(lines, 'ids'))
    await last.write(pointsIn(lines))
    await jobs.write(only(lines, 'job'))
    await split.take(lines)
  }
  for (const file of [ids, last, jobs, split]) await file.close()
  const { as_of: asOf, points, held_ms: heldMs } = held
  return { asOf, points, heldMs, tables: split.tables, rows: split.rows, idsPath, lastPath }
}

/** What the server tells when it lets writers go on. */
interface Held {
  as_of: string
  points: number
  held_ms: number
}

function only(lines: readonly string[], tag: string): string[] {
  return lines.map((line) => tagged(line, tag)).filter((text) => text !== null)
}
