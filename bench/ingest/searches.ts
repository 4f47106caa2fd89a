import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClient } from '../../src/cli/demo/client.ts'
import { processBatch, uploadObjects } from '../../src/cli/demo/ingest.ts'
import { readSynsets, type Synset } from '../../src/cli/demo/wordnet.ts'
import { startAsked, type AskedProcess } from '../support/asked-process.ts'
import { openBenchServer } from '../support/bench-server.ts'
import {
  createNearRetriever,
  createPoints,
  importPoints,
  settled,
  type Points,
} from '../support/points.ts'
import type { Stats } from '../support/steady.ts'
import { createTexts, type Texts } from '../support/texts.ts'
import { Background } from './background.ts'
import { dimensions, pointLines, queryVector } from '../support/point-lines.ts'
import { searchesPerSecond, type Questions } from './searcher.ts'

/** On a machine that does other things as well, searches may never be as quick as a built graph makes them. */
const settleMs = 60_000
const steadyPerSecond = 1_000
const steadyPart = 250
const fullSpeedPart = 20_000

/** What goes on beside the searches; `once` writes some documents and answers how many. */
interface Beside {
  name: string
  once: ((before: number) => Promise<number>) | null
}

interface Stage {
  points: Points
  texts: Texts
  /** Those that are sent again and again. */
  synsets: readonly Synset[]
  /** Documents sent to `points` so far: the next are new ones. */
  sent: number
}

/**
 * Searches at a steady rate of another process, alone and beside what comes in. Goals: the p99 of
 * searches by vector at most three times that of the idle server, of searches by text at most 50 ms.
 */
export async function measureSearches(
  write: (line: string) => void,
  { seconds, stored }: { seconds: number; stored: { points: number; texts: number } },
): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  await using server = await openBenchServer(folder.path)
  const points = await createPoints(server.client, dimensions)
  const texts = await createTexts(openClient(server.url, server.key))
  const synsets = (await readSynsets(stored.texts)).slice(0, stored.texts)
  const stage: Stage = { points, texts, synsets, sent: 0 }
  await sendPoints(stage, stored.points)
  await sendTexts(stage)
  const retrieverId = await createNearRetriever(points)
  await using searcher = startAsked<Questions>(new URL('searcher.ts', import.meta.url))
  const { url, key } = server
  const place = { namespaceId: points.namespaceId, retrieverId }
  await searcher.ask('open', { url, key, points: place, texts })
  // What a server that has just started has not compiled yet is not the idle server.
  await searcher.ask('search', { kind: 'vectors', seconds: 5 })
  await searcher.ask('search', { kind: 'texts', seconds: 5 })
  const { vectors: vectorsRate, texts: textsRate } = searchesPerSecond
  write(
    `\n## Searches beside writes: ${vectorsRate}/s by vector, then ${textsRate}/s by text, ${seconds} s each\n`,
  )
  write(
    '| beside | documents/s | by vector: failed | p50 / p99 / max ms | p99 to idle | by text: failed | p50 / p99 / max ms |',
  )
  write('| --- | ----: | ----: | ----: | ----: | ----: | ----: |')
  let idle: Stats | null = null
  for (const beside of besides(stage)) {
    await built(points, retrieverId)
    const [vectors, perSecond] = await during(beside, searcher, 'vectors', seconds)
    const [byText] = await during(beside, searcher, 'texts', seconds)
    idle ??= vectors
    write(rowOf(beside.name, perSecond, vectors, idle, byText))
  }
  write('\nGoals: by vector at most 3 times idle; by text p99 at most 50 ms')
}

function besides(stage: Stage): Beside[] {
  return [
    { name: 'nothing', once: null },
    { name: 'texts as objects', once: () => sendTexts(stage) },
    {
      name: `vectors, ${steadyPerSecond}/s`,
      async once() {
        const [written] = await Promise.all([
          sendPoints(stage, steadyPart),
          sleep((steadyPart * 1000) / steadyPerSecond),
        ])
        return written
      },
    },
    { name: 'vectors at full speed', once: () => sendPoints(stage, fullSpeedPart) },
  ]
}

async function during(
  { once }: Beside,
  searcher: AskedProcess<Questions>,
  kind: 'vectors' | 'texts',
  seconds: number,
): Promise<[Stats, perSecond: number]> {
  if (once === null) return [await searcher.ask('search', { kind, seconds }), 0]
  await using background = new Background(once)
  // What begins with the first write belongs to it: not measured is only how it starts.
  await sleep(1_000)
  const stats = await searcher.ask('search', { kind, seconds })
  return [stats, background.perSecond]
}

async function sendPoints(stage: Stage, count: number): Promise<number> {
  const from = stage.sent
  stage.sent += count
  await importPoints(stage.points, pointLines(from, from + count), count)
  return count
}

/** An object that is there is overwritten, and so are its documents. */
async function sendTexts({ texts, synsets }: Stage): Promise<number> {
  const { within, bucketId } = texts
  const ids = await uploadObjects(within, bucketId, synsets, () => {})
  await processBatch(within, bucketId, ids, () => {})
  return ids.length
}

async function built({ within }: Points, retrieverId: string): Promise<void> {
  const path = `/v1/retrievers/${retrieverId}/execute`
  const search = (n: number) => within.call('POST', path, { inputs: { v: queryVector(n) } })
  await settled(search, { waitMs: settleMs })
}

function rowOf(name: string, perSecond: number, vectors: Stats, idle: Stats, texts: Stats): string {
  const ratio = (vectors.times?.p99Ms ?? Number.NaN) / (idle.times?.p99Ms ?? Number.NaN)
  const cells = [
    name,
    perSecond.toFixed(0),
    `${vectors.failed} of ${vectors.calls}`,
    timesOf(vectors),
    ratio.toFixed(1),
    `${texts.failed} of ${texts.calls}`,
    timesOf(texts),
  ]
  return `| ${cells.join(' | ')} |`
}

function timesOf({ times }: Stats): string {
  if (times === null) return '-'
  return [times.p50Ms, times.p99Ms, times.maxMs].map((ms) => ms.toFixed(1)).join(' / ')
}
