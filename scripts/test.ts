import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

// Arguments are passed on: `npm test -- src/domain/filters/*.test.ts`.
const given = process.argv.slice(2)
const patterns = given.length > 0 ? given : ['src/**/*.test.ts', 'edge/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts']
const { status } = spawnSync(
  process.execPath,
  ['--test', `--test-concurrency=${Math.max(2, availableParallelism())}`, '--test-reporter=spec', ...patterns],
  { stdio: 'inherit' },
)
process.exitCode = status ?? 1
