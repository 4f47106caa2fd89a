import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAsked } from '../support/asked-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { createPoints, importPoints } from '../support/points.ts'
import { machine, quantile, timed } from '../support/statistics.ts'
import type { Places, Questions } from './server.ts'

const documentsTotal = 2_000
const blocksTotal = 50
const pairsPerBlock = 500
const blocksWarm = 6

/**
 * What recording reads costs them (AI-9): filtered lists over HTTP, in turns with and without the tap, in one process
 * with one engine. Goals: at most 1 % of p50, and 5 µs of CPU a read.
 */
export async function tap(write: (line: string) => void): Promise<void> {
  const pairs = blocksTotal * pairsPerBlock
  write(`# tap: ${documentsTotal} documents, ${pairs} pairs of filtered lists (${machine()})\n`)
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  await using server = startAsked<Questions>(new URL('server.ts', import.meta.url))
  await measure(write, await server.ask('open', folder.path))
  const rows = await server.ask('cpu', null)
  write('\n| recording a read with | CPU, µs (goal: at most 5) |')
  write('| --------------------- | ------------------------- |')
  for (const { name, cpuUs } of rows) write(`| ${name} | ${cpuUs.toFixed(2)} |`)
  await server.ask('close', null)
}

async function measure(write: (line: string) => void, { tapped, plain, key }: Places) {
  const clients = [tapped, plain].map(
    (url) => new HttpClient(url, { authorization: `Bearer ${key}` }),
  )
  const [first, second] = clients
  if (!first || !second) return
  const { namespaceId, path } = await load(first)
  const [a, b] = [first.within(namespaceId), second.within(namespaceId)]
  const medians: [number, number][] = []
  const all: [number[], number[]] = [[], []]
  for (let block = 0; block < blocksWarm + blocksTotal; block++) {
    const times: [number[], number[]] = [[], []]
    for (let i = 0; i < pairsPerBlock; i++) {
      // A and B change places, so that neither always comes second.
      const turns = i % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
      for (const turn of turns) times[turn].push(await listTime(turn === 0 ? a : b, path, i))
    }
    if (block < blocksWarm) continue
    medians.push([quantile(times[0], 0.5), quantile(times[1], 0.5)])
    all[0].push(...times[0])
    all[1].push(...times[1])
  }
  report(write, all, medians)
  for (const client of [...clients, a, b]) client.close()
}

function report(
  write: (line: string) => void,
  [tapped, plain]: [number[], number[]],
  medians: readonly [number, number][],
): void {
  const rows = [
    ['with the tap', tapped],
    ['without', plain],
  ] as const
  write('| lists | p50 ms | p95 ms | p99 ms |')
  write('| ----- | ------ | ------ | ------ |')
  for (const [name, times] of rows) {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(times, q).toFixed(4))
    write(`| ${name} | ${p50} | ${p95} | ${p99} |`)
  }
  const shares = medians.map(([a, b]) => 100 * (a / b - 1))
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(shares, q).toFixed(2))
  const whole = 100 * (quantile(tapped, 0.5) / quantile(plain, 0.5) - 1)
  write(`\nThe tap adds ${whole.toFixed(2)} % to p50 (goal: at most 1 %);`)
  write(
    `of ${medians.length} blocks the middle one ${middle} %, half of them between ${low} and ${high} %`,
  )
}

async function load(client: HttpClient): Promise<{ namespaceId: string; path: string }> {
  const points = await createPoints(client, 4, {
    payload_indexes: [{ field_name: 'brand', type: 'keyword' }],
  })
  const lines = Array.from({ length: documentsTotal }, (_, i) =>
    JSON.stringify({ brand: `brand ${i % 50}`, price: i % 100, vectors: { own: [1, i, 0, 1] } }),
  )
  await importPoints(points, lines.join('\n'), documentsTotal)
  const path = `/v1/collections/${points.collectionId}/documents/list`
  return { namespaceId: points.namespaceId, path }
}

async function listTime(client: HttpClient, path: string, i: number): Promise<number> {
  const body = { filters: { brand: `brand ${i % 50}` }, limit: 10 }
  return await timed(() => client.call('POST', path, body))
}
