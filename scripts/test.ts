import { runTests, testFiles } from './run-tests.ts'

// `npm test`. Arguments are passed on: `npm test -- src/domain/filters/*.test.ts`.
const given = process.argv.slice(2)
process.exitCode = await runTests(given.length > 0 ? given : testFiles)
