import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { folderSize } from '../../src/cli/demo/folder-size.ts'
import { openBenchServer } from '../support/bench-server.ts'
import type { HttpClient } from '../support/http-client.ts'
import { treeUsage, type TreeUsage } from '../support/process-tree.ts'
import { machine } from '../support/statistics.ts'

const minuteMs = 60_000
/** What a start, or the making of namespaces, leaves to be done. */
const settleMs = 20_000
const creationsAtOnce = 4

interface Measured {
  namespaces: number
  when: string
  processes: number
  memoryBytes: number
  diskBytes: number
  /** Of one core. */
  cpuPercent: number
  writtenBytesPerMinute: number
}

/**
 * `idle [0] [100] [1000]`: what a server takes that nobody asks anything, with so many empty namespaces: memory of its
 * processes, CPU, what it writes to the disk, and the size of its folder; right after they were made, and after a start
 * on that folder. `--seconds` of each look.
 */
export async function idle(write: (line: string) => void, args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '60' } },
  })
  const counts = (positionals.length > 0 ? positionals : ['0', '100', '1000']).map(Number)
  write(`# idle: ${values.seconds} s each (${machine()})\n`)
  write(
    '| namespaces | | processes | memory MB | CPU % of a core | written KB a minute, at most | disk MB |',
  )
  write('| ----: | --- | ----: | ----: | ----: | ----: | ----: |')
  const measured: Measured[] = []
  for (const namespaces of counts) {
    for await (const row of measureFolder(namespaces, Number(values.seconds))) {
      measured.push(row)
      write(rowOf(row))
    }
  }
  tellGoals(write, measured)
}

async function* measureFolder(namespaces: number, seconds: number): AsyncGenerator<Measured> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  {
    await using server = await openBenchServer(folder.path)
    await createNamespaces(server.client, namespaces)
    yield { namespaces, when: 'made', ...(await look(server.pid, folder.path, seconds)) }
  }
  await using server = await openBenchServer(folder.path)
  yield { namespaces, when: 'started anew', ...(await look(server.pid, folder.path, seconds)) }
}

async function createNamespaces(client: HttpClient, count: number): Promise<void> {
  let next = 0
  async function create(): Promise<void> {
    for (let n = next++; n < count; n = next++) {
      await client.call('POST', '/v1/namespaces', {
        namespace_name: `idle-${n}`,
        feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
      })
    }
  }
  await Promise.all(Array.from({ length: creationsAtOnce }, create))
}

async function look(
  pid: number,
  folder: string,
  seconds: number,
): Promise<Omit<Measured, 'namespaces' | 'when'>> {
  await sleep(settleMs)
  const [start, before] = [performance.now(), await treeUsage(pid)]
  await sleep(seconds * 1000)
  const after = await treeUsage(pid)
  const spanMs = performance.now() - start
  return {
    processes: after.processes,
    memoryBytes: after.memoryBytes,
    diskBytes: await folderSize(folder),
    cpuPercent: (100 * (after.cpuMs - before.cpuMs)) / spanMs,
    writtenBytesPerMinute: (writtenBetween(before, after) * minuteMs) / spanMs,
  }
}

/** At most: either count is too high in a way of its own. */
function writtenBetween(before: TreeUsage, after: TreeUsage): number {
  return Math.min(after.dirtiedBytes - before.dirtiedBytes, after.passedBytes - before.passedBytes)
}

function rowOf(row: Measured): string {
  const { namespaces, when, processes, memoryBytes, diskBytes, cpuPercent } = row
  const cells = [
    namespaces,
    when,
    processes,
    (memoryBytes / 1e6).toFixed(0),
    cpuPercent.toFixed(2),
    (row.writtenBytesPerMinute / 1e3).toFixed(0),
    (diskBytes / 1e6).toFixed(0),
  ]
  return `| ${cells.join(' | ')} |`
}

function tellGoals(write: (line: string) => void, measured: readonly Measured[]): void {
  const most = Math.max(...measured.map(({ cpuPercent }) => cpuPercent))
  write(`\nCPU at most: ${most.toFixed(2)} % of a core (goal: under 1 %)`)
  const empty = measured.filter(({ namespaces }) => namespaces === 0)
  if (empty.length === 0) return
  const memory = Math.max(...empty.map(({ memoryBytes }) => memoryBytes))
  write(`Memory without a namespace: ${(memory / 1e6).toFixed(0)} MB (goal: under 300)`)
  for (const row of measured.filter(({ namespaces }) => namespaces > 0)) {
    const base = empty.find(({ when }) => when === row.when)
    if (!base) continue
    const each = (of: 'memoryBytes' | 'diskBytes') =>
      ((row[of] - base[of]) / row.namespaces / 1e6).toFixed(2)
    write(
      `One of ${row.namespaces} namespaces, ${row.when}: ${each('memoryBytes')} MB of memory (goal: under 1), ${each('diskBytes')} MB of disk (goal: under 5)`,
    )
  }
}
