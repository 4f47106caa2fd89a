import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pointLines, queryVector, dimensions } from '../support/point-lines.ts'
import { startAsked, type AskedProcess } from '../support/asked-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { createNearRetriever, createPoints, importPoints, settled } from '../support/points.ts'
import { treeUsage } from '../support/process-tree.ts'
import { machine } from '../support/statistics.ts'
import { requestOf } from './connection.ts'
import type { LoadAnswer, LoadRequest, Questions as LoadQuestions } from './load.ts'
import type { Shares } from './profile.ts'
import type { Questions as ServerQuestions } from './server.ts'

const documentsTotal = 50_000
const requestsTotal = 500
const warmSeconds = 10
const p99MsMax = 10
/** Of the highest rate: tried in turn until the p99 is within its bound. */
const ratesTried = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
const profileConnections = 16

interface Stage {
  write: (line: string) => void
  load: AskedProcess<LoadQuestions>
  pid: number
  seconds: number
}

interface Row extends LoadAnswer {
  /** Requests a second of CPU time: of the server's process, and of PostgreSQL's with it. */
  perCore: number
  perCoreOfTree: number
}

/**
 * `http [1] [16] [64] [profile]`: searches by vector through `execute`, from so many connections; all where none is
 * named. Requests a second, and how many of them a core of the server answers while 99 of 100 take less than 10 ms; then
 * where the main thread's time goes. `--seconds` of each run; `--keep` names a file for the whole profile.
 */
export async function http(write: (line: string) => void, args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '10' }, keep: { type: 'string' } },
  })
  const parts = positionals.length > 0 ? positionals : ['1', '16', '64', 'profile']
  const seconds = Number(values.seconds)
  write(
    `# http: execute, ten nearest of ${documentsTotal} documents of ${dimensions} dimensions (${machine()})\n`,
  )
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  await using server = startAsked<ServerQuestions>(new URL('server.ts', import.meta.url))
  const { url, key, pid } = await server.ask('open', folder.path)
  await using load = startAsked<LoadQuestions>(new URL('load.ts', import.meta.url))
  await load.ask('open', { url, ...(await prepare(url, key)) })
  await load.ask('run', { connections: 16, seconds: warmSeconds, perSecond: null })
  const stage = { write, load, pid, seconds }
  await measureAll(stage, parts.filter((part) => part !== 'profile').map(Number))
  if (parts.includes('profile')) {
    await server.ask('startProfile', null)
    await load.ask('run', { connections: profileConnections, seconds, perSecond: null })
    tellShares(write, await server.ask('endProfile', values.keep ?? null))
  }
  await server.ask('close', null)
}

/** The documents, their graph, a retriever, and the requests that ask it. */
async function prepare(url: string, key: string) {
  const client = new HttpClient(url, { authorization: `Bearer ${key}` })
  const points = await createPoints(client, dimensions)
  await importPoints(points, pointLines(0, documentsTotal), documentsTotal)
  const retrieverId = await createNearRetriever(points)
  const path = `/v1/retrievers/${retrieverId}/execute`
  const bodyOf = (n: number) => ({ inputs: { v: queryVector(n) } })
  await settled((n) => points.within.call('POST', path, bodyOf(n)), { belowMs: 4 })
  const whole = await points.within.call('POST', path, bodyOf(0))
  const found = whole['documents'] as unknown[]
  if (found.length !== 10) throw new Error(`A search answered ${found.length} documents`)
  points.within.close()
  client.close()
  const headers = { authorization: `Bearer ${key}`, 'x-namespace': points.namespaceId }
  const requests = Array.from({ length: requestsTotal }, (_, n) =>
    requestOf(path, headers, JSON.stringify(bodyOf(n))).toString('base64'),
  )
  // Ids and numbers are of about one length: nine tenths of this one, and no document lacks.
  return { requests, bodyBytesMin: Math.floor(JSON.stringify(whole).length * 0.9) }
}

async function measureAll(stage: Stage, connections: readonly number[]): Promise<void> {
  const { write } = stage
  write(
    `| connections | asked | requests/s | p50 / p99 / max ms | failed | requests/s a core of the server | with PostgreSQL |`,
  )
  write('| ----: | --- | ----: | ----: | ----: | ----: | ----: |')
  const within: string[] = []
  for (const each of connections) {
    const most = await measure(stage, {
      connections: each,
      seconds: stage.seconds,
      perSecond: null,
    })
    write(rowOf(each, 'without pause', most))
    const best = most.p99Ms < p99MsMax ? most : await slower(stage, each, most.perSecond)
    within.push(
      `${each} connections: ${best === null ? 'at no rate that was tried' : `${best.perCoreOfTree.toFixed(0)}`}`,
    )
  }
  if (within.length > 0)
    write(
      `\nRequests/s a core, PostgreSQL included, at a p99 below ${p99MsMax} ms: ${within.join('; ')}`,
    )
}

/** At lower and lower rates until the p99 is within its bound; null where it never is. */
async function slower(stage: Stage, connections: number, most: number): Promise<Row | null> {
  for (const share of ratesTried) {
    const { seconds } = stage
    const row = await measure(stage, { connections, seconds, perSecond: most * share })
    stage.write(rowOf(connections, `${(most * share).toFixed(0)}/s`, row))
    if (row.p99Ms < p99MsMax) return row
  }
  return null
}

async function measure({ load, pid }: Stage, request: LoadRequest): Promise<Row> {
  const before = await treeUsage(pid)
  const answer = await load.ask('run', request)
  const after = await treeUsage(pid)
  if (answer.firstFailure !== null) throw new Error(answer.firstFailure)
  const perCpuSecond = (ms: number) => (answer.requests * 1000) / ms
  return {
    ...answer,
    perCore: perCpuSecond(after.root.cpuMs - before.root.cpuMs),
    perCoreOfTree: perCpuSecond(after.cpuMs - before.cpuMs),
  }
}

function rowOf(connections: number, asked: string, row: Row): string {
  const { perSecond, p50Ms, p99Ms, maxMs, failed, perCore, perCoreOfTree } = row
  const times = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)).join(' / ')
  const rates = [perCore, perCoreOfTree].map((rate) => rate.toFixed(0))
  return `| ${[connections, asked, perSecond.toFixed(0), times, failed, ...rates].join(' | ')} |`
}

function tellShares(
  write: (line: string) => void,
  { idlePercent, areas, functions }: Shares,
): void {
  const list = (shares: readonly { name: string; percent: number }[]) => {
    for (const { name, percent } of shares) write(`| ${percent.toFixed(1)} % | ${name} |`)
  }
  write(
    `\n## Where the main thread's time goes: ${profileConnections} connections without pause; ${idlePercent.toFixed(0)} % of the time it was idle\n`,
  )
  const five = areas.slice(0, 5).map(({ name, percent }) => `${name} (${percent.toFixed(0)} %)`)
  write(`The five largest shares of the rest: ${five.join('; ')}\n`)
  write('| share | where |')
  write('| ----: | --- |')
  list(areas.filter(({ percent }) => percent >= 1))
  write('\n| share | function, without what it calls |')
  write('| ----: | --- |')
  list(functions)
}
