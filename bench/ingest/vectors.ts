import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBenchServer } from '../support/bench-server.ts'
import { treeUsage } from '../support/process-tree.ts'
import { createNearRetriever, createPoints, importPoints, settled } from '../support/points.ts'
import { quantile, timed } from '../support/statistics.ts'
import { MemoryWatch } from './memory-watch.ts'
import { dimensions, pointLines, queryVector } from '../support/point-lines.ts'

const settleMs = 240_000
const searchesTotal = 200

/**
 * Documents with vectors of their own, all in one import over HTTP; a line at each tenth. Then the memory of the server,
 * at once and when the graph is built. Goals: at least 15,000 documents/s, and under 1.5 GB after a million.
 */
export async function measureVectors(
  write: (line: string) => void,
  documents: number,
): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  await using server = await openBenchServer(folder.path)
  const points = await createPoints(server.client, dimensions)
  const retrieverId = await createNearRetriever(points)
  write(`\n## Vectors: ${documents} documents of ${dimensions} dimensions\n`)
  write('| documents sent | s | documents/s since the line before | server MB |')
  write('| ----: | ----: | ----: | ----: |')
  await using watch = new MemoryWatch(server.pid)
  const lines = told(write, server.pid, documents)
  const seconds = (await importPoints(points, lines, documents)) / 1000
  write(
    `\nOver HTTP: ${Math.round(documents / seconds)} documents/s (goal: at least 15,000), ${seconds.toFixed(1)} s`,
  )
  await tellMemory(write, 'When the import was answered', server.pid)
  const search = (n: number) =>
    points.within.call('POST', `/v1/retrievers/${retrieverId}/execute`, {
      inputs: { v: queryVector(n) },
    })
  const isBuilt = await settled(search, { waitMs: settleMs })
  const state = isBuilt ? 'When the graph was built' : `After ${settleMs / 1000} s, still building`
  await tellMemory(write, state, server.pid)
  write(
    `Most of the server process at any time: ${megabytes(watch.mostBytes)} MB (goal: under 1500)`,
  )
  const times: number[] = []
  for (let n = 0; n < searchesTotal; n++) times.push(await timed(() => search(n)))
  const [p50, p99] = [0.5, 0.99].map((share) => quantile(times, share).toFixed(2))
  write(`Searches afterwards, p50 / p99: ${p50} / ${p99} ms`)
}

/** The lines, and at each tenth what came of them. */
async function* told(
  write: (line: string) => void,
  pid: number,
  documents: number,
): AsyncGenerator<string> {
  const tenth = Math.ceil(documents / 10)
  const start = performance.now()
  let before = start
  for (let from = 0; from < documents; from += tenth) {
    const to = Math.min(documents, from + tenth)
    yield* pointLines(from, to)
    const now = performance.now()
    const perSecond = Math.round(((to - from) * 1000) / (now - before))
    const seconds = ((now - start) / 1000).toFixed(1)
    const { root } = await treeUsage(pid)
    write(`| ${to} | ${seconds} | ${perSecond} | ${megabytes(root.memoryBytes)} |`)
    before = now
  }
}

async function tellMemory(write: (line: string) => void, when: string, pid: number): Promise<void> {
  const tree = await treeUsage(pid)
  const [server, noFile, all] = [
    tree.root.memoryBytes,
    tree.root.anonymousBytes,
    tree.memoryBytes,
  ].map(megabytes)
  write(
    `${when}: the server ${server} MB, of which ${noFile} MB in no file; with PostgreSQL ${all} MB`,
  )
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
