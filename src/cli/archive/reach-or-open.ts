import { openLogger } from '../../compose.ts'
import { openServer } from '../../serve.ts'
import type { CommandCall } from '../command.ts'
import { reachServer, type ServerClient } from '../reach-server.ts'

/** The running server; with `--offline` the data folder's own, opened in this process while no other has it. */
export async function reachOrOpen(
  call: Pick<CommandCall, 'config' | 'flags'>,
  stack: AsyncDisposableStack,
): Promise<ServerClient> {
  const { config, flags } = call
  if (flags['offline'] !== true) return await reachServer(call)
  // No writer but this process's own jobs waits for a dump.
  const alone = { dumpHoldMs: 3_600_000, logLevel: 'error' } as const
  const own = { ...config, host: '127.0.0.1', port: 0, ...alone }
  const { url } = stack.use(await openServer(own, openLogger({ level: own.logLevel })))
  return await reachServer({ config: { ...own, serverUrl: url } })
}

export const offlineFlag = {
  flags: '--offline',
  summary: 'no server runs: open its data folder (or DATABASE_URL and QDRANT_URL) here',
} as const
