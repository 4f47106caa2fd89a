import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { openTestCluster } from '../test/support/cluster.ts'

// Arguments are passed on: `npm test -- src/domain/filters/*.test.ts`.
const given = process.argv.slice(2)
const everything = [
  'src/**/*.test.ts',
  'edge/**/*.test.ts',
  'test/**/*.test.ts',
  'scripts/**/*.test.ts',
]
const flags = [
  '--test',
  `--test-concurrency=${Math.max(2, availableParallelism())}`,
  '--test-reporter=spec',
]

// One PostgreSQL for the whole run; each test copies its database from a migrated template.
await using cluster = await openTestCluster()
const tests = spawn(process.execPath, [...flags, ...(given.length > 0 ? given : everything)], {
  stdio: 'inherit',
  env: { ...process.env, NACRE_TEST_DATABASE_URL: cluster.url },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal))
const [status] = await once(tests, 'exit')
process.exitCode = status ?? 1
