import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose, openLogger } from '../../src/compose.ts'
import { readConfig, type Config } from '../../src/config.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { openTestDatabase } from './database.ts'

/** The settings of a test's own product: its folder, its database, the engines of the run. */
export function testConfig(
  folder: string,
  databaseUrl: string,
  env: Record<string, string> = {},
): Config {
  const { QDRANT_URL, QDRANT_API_KEY } = process.env
  return readConfig({
    QDRANT_URL,
    QDRANT_API_KEY,
    NACRE_DATA: folder,
    NACRE_PORT: '0',
    NACRE_LOG: 'silent',
    NACRE_DRAIN_TIMEOUT_MS: '2000',
    NACRE_EMBEDDING_THREADS: '1',
    NACRE_FACTS_AGE_MS: '20',
    DATABASE_URL: databaseUrl,
    ...env,
  })
}

/** Real ports in a folder and a database of the test's own; both are gone when it is disposed. */
export async function openTestPorts(
  env: Record<string, string> = {},
): Promise<Ports & AsyncDisposable> {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openTestDatabase())
  const folder = await mkdtemp(join(tmpdir(), 'nacre-test-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const config = testConfig(folder, database.url, env)
  const { ports } = stack.use(await compose(config, openLogger({ level: config.logLevel })))
  return { ...ports, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
