import { runTests } from './run-tests.ts'

// `npm run soak -- [runs]`: what the test line does with few random cases, with thousands; an hour at the default.
const [runs = '2000'] = process.argv.slice(2)
if (!/^[1-9]\d*$/.test(runs)) {
  process.stderr.write(`npm run soak -- [runs of each property, a whole number]; got '${runs}'\n`)
  process.exitCode = 2
} else {
  const preload = new URL('../test/support/property-runs.ts', import.meta.url).href
  process.exitCode = await runTests(
    ['src/**/*.property.test.ts', 'test/model/*.test.ts', 'test/crash/*.test.ts'],
    {
      flags: ['--import', preload],
      env: { NACRE_PROPERTY_RUNS: runs, NACRE_CRASH_STRIDE: '1' },
    },
  )
}
