import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandCall } from '../command.ts'
import { openClient, type Client } from './client.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

export interface Demo {
  folder: string
  server: ServerProcess
  client: Client
}

/** A server in a temporary folder, both gone with the stack; says how long its first answer took. */
export async function startDemo(call: CommandCall, stack: AsyncDisposableStack): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-demo-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const started = performance.now()
  call.print(`Starting a server (${engines(call)}) …`)
  const server = await startServerProcess(folder)
  stack.defer(() => server.stop())
  const client = openClient(server.url, server.key)
  await client.call('GET', '/v1/organizations')
  const seconds = (performance.now() - started) / 1000
  call.print(`  first answer after ${seconds.toFixed(1)} s at ${server.url}\n`)
  return { folder, server, client }
}

function engines({ config }: CommandCall): string {
  const database = config.databaseUrl === undefined ? 'embedded PostgreSQL' : 'PostgreSQL'
  return `${database} and ${config.qdrantUrl === undefined ? 'Qdrant Edge' : 'Qdrant'}`
}
