import fc from 'fast-check'

// Loaded before the tests of `npm run soak`: every property that does not count its runs itself runs this often.
fc.configureGlobal({ numRuns: Number(process.env['NACRE_PROPERTY_RUNS'] ?? 100) })
