import {
  startServerProcess,
  type ServerProcess,
  type ServerProcessOptions,
} from '../../src/cli/demo/server-process.ts'
import { HttpClient } from './http-client.ts'

export interface BenchServer extends ServerProcess, AsyncDisposable {
  client: HttpClient
}

/** A server in a process of its own, and a client with its admin key. */
export async function openBenchServer(
  folder: string,
  options: ServerProcessOptions = {},
): Promise<BenchServer> {
  const server = await startServerProcess(folder, options)
  const client = new HttpClient(server.url, { authorization: `Bearer ${server.key}` })
  return {
    ...server,
    client,
    async [Symbol.asyncDispose]() {
      client.close()
      await server.stop()
    },
  }
}
