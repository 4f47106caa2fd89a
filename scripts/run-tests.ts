import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { openTestCluster } from '../test/support/cluster.ts'
import { openScratchFolder } from './scratch-folder.ts'

/** The whole test line. */
export const testFiles: readonly string[] = [
  'src/**/*.test.ts',
  'edge/**/*.test.ts',
  'native/**/*.test.ts',
  'launcher/**/*.test.ts',
  'test/**/*.test.ts',
  'scripts/**/*.test.ts',
]

/**
 * Runs test files with Node's own runner, its summary last. One PostgreSQL serves the whole run; each test copies its
 * database from a migrated template. Answers the runner's exit code.
 */
export async function runTests(
  files: readonly string[],
  { flags = [], env = {} }: { flags?: readonly string[]; env?: Record<string, string> } = {},
): Promise<number> {
  await using scratch = await openScratchFolder()
  // The cluster is made there, too.
  process.env['TMPDIR'] = scratch.path
  await using cluster = await openTestCluster()
  const concurrency = Math.max(2, availableParallelism())
  const tests = spawn(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...flags, ...files],
    { stdio: 'inherit', env: { ...process.env, ...env, NACRE_TEST_DATABASE_URL: cluster.url } },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal))
  const [status] = await once(tests, 'exit')
  return typeof status === 'number' ? status : 1
}
