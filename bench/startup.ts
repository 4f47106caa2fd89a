import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServerProcess } from '../src/cli/demo/server-process.ts'
import { machine, quantile } from './support/statistics.ts'

const restarts = 5

/** From spawn to the first answered request: on an empty folder, then on that folder again, five times. */
export async function startup(write: (line: string) => void): Promise<void> {
  write(`# startup (${machine()})\n`)
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-'))
  try {
    write(`Empty folder: ${(await once(folder)).toFixed(2)} s (goal: under 10)`)
    const again: number[] = []
    for (let i = 0; i < restarts; i++) again.push(await once(folder))
    write(
      `Existing folder: median ${quantile(again, 0.5).toFixed(2)} s, worst ${Math.max(...again).toFixed(2)} s (goal: under 2)`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function once(folder: string): Promise<number> {
  const start = performance.now()
  const server = await startServerProcess(folder)
  try {
    const response = await fetch(`${server.url}/v1/organizations`, {
      headers: { authorization: `Bearer ${server.key}` },
    })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return (performance.now() - start) / 1000
  } finally {
    await server.stop()
  }
}
