import { join } from 'node:path'
import type { ServerClient } from '../reach-server.ts'
import { appendLines, createLines, readJson, removeFile, writeJson } from './archive-folder.ts'
import { headOf } from './merge-points.ts'
import { ArchiveTrouble, readStream, tagged } from './read-stream.ts'

/** What a reading begins with, as the server tells it. */
export interface PointsBegin {
  generation: number
  vectors: string[]
  read_from: string
  points: number
}

/** How far the reading of a namespace's documents has come; `work.json`, so that a killed dump goes on. */
interface Work {
  begin: PointsBegin
  isRead: boolean
  /** When each later reading began: it has what was written since the one before. */
  rounds: string[]
}

export interface PointsReader {
  server: ServerClient
  namespaceId: string
  /** The folder `work` of the namespace. */
  folder: string
  signal: AbortSignal
  onPoints: (read: number, of: number) => void
  onPhase: (phase: string) => void
}

/** A reading that takes longer is followed by one of what was written meanwhile, so that the last one is short. */
const quickMs = 3_000
const roundsMax = 6

/** The namespace has become another one meanwhile: what was read is of no use. */
export class NamespaceChanged extends ArchiveTrouble {
  override readonly name = 'NamespaceChanged'
}

/**
 * Reads all documents while writes go on, then those written meanwhile, until that is quick. Goes on where an earlier
 * try stood. Answers the files, and since when what is missing was written.
 */
export async function readPoints(
  reader: PointsReader,
): Promise<{ readings: string[]; since: string; begin: PointsBegin }> {
  const work = await readAll(reader)
  for (let rounds = 0; rounds < roundsMax; rounds++) {
    const startedAt = performance.now()
    reader.onPhase('what was written meanwhile')
    await readRound(reader, work)
    if (performance.now() - startedAt < quickMs) break
  }
  return {
    readings: [0, ...work.rounds.keys().map((i) => i + 1)].map((i) => readingPath(reader, i)),
    since: work.rounds.at(-1) ?? work.begin.read_from,
    begin: work.begin,
  }
}

/** Throws `NamespaceChanged` where two readings cannot be joined. */
export function checkSame(before: PointsBegin, now: PointsBegin): void {
  const isSame =
    before.generation === now.generation && before.vectors.join('\n') === now.vectors.join('\n')
  if (!isSame) throw new NamespaceChanged('Its vectors were changed meanwhile; it is read again.')
}

async function readAll(reader: PointsReader): Promise<Work> {
  const known = await readJson<Work>(join(reader.folder, 'work.json'))
  if (known?.isRead) return known
  if (!known) await removeFile(reader.folder)
  await using file = await appendLines(readingPath(reader, 0))
  const after = known && file.last !== null ? `?after=${headOf(file.last).id}` : ''
  let work = known
  let read = 0
  for await (const lines of streamOf(reader, after)) {
    const begin = beginIn(lines)
    if (begin && work) checkSame(work.begin, begin)
    if (begin && !work) work = await keep(reader, { begin, isRead: false, rounds: [] })
    const points = pointsIn(lines)
    await file.write(points)
    read += points.length
    reader.onPoints(read, work?.begin.points ?? 0)
  }
  await file.close()
  if (!work) throw new NamespaceChanged('The server told nothing of it.')
  return await keep(reader, { ...work, isRead: true })
}

function streamOf({ server, namespaceId, signal }: PointsReader, query: string) {
  const path = `/v1/dump/namespaces/${encodeURIComponent(namespaceId)}/points${query}`
  return readStream(server, 'GET', path, signal)
}

async function readRound(reader: PointsReader, work: Work): Promise<void> {
  const since = work.rounds.at(-1) ?? work.begin.read_from
  await using file = await createLines(readingPath(reader, work.rounds.length + 1))
  let readFrom: string | null = null
  for await (const lines of streamOf(reader, `?since=${encodeURIComponent(since)}`)) {
    const begin = beginIn(lines)
    if (begin) checkSame(work.begin, begin)
    readFrom ??= begin?.read_from ?? null
    await file.write(pointsIn(lines))
  }
  await file.close()
  work.rounds.push(readFrom ?? since)
  await keep(reader, work)
}

async function keep({ folder }: PointsReader, work: Work): Promise<Work> {
  await writeJson(join(folder, 'work.json'), work)
  return work
}

function beginIn([first = '']: readonly string[]): PointsBegin | null {
  const text = tagged(first, 'begin')
  return text === null ? null : (JSON.parse(text) as PointsBegin)
}

export function pointsIn(lines: readonly string[]): string[] {
  return lines.map((line) => tagged(line, 'point')).filter((point) => point !== null)
}

function readingPath({ folder }: PointsReader, number: number): string {
  return join(folder, `points.${number}.ndjson`)
}
