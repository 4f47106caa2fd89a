import { runTests } from './run-tests.ts'

// `npm test`. Arguments are passed on: `npm test -- src/domain/filters/*.test.ts`.
const given = process.argv.slice(2)
const everything = [
  'src/**/*.test.ts',
  'edge/**/*.test.ts',
  'test/**/*.test.ts',
  'scripts/**/*.test.ts',
]
process.exitCode = await runTests(given.length > 0 ? given : everything)
