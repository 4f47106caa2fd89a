import { buildCrate } from '../native/build-crate.ts'
import { edgeCrate } from './edge-crate.ts'

// `npm run edge:build`: builds the addon and puts it where `loadEdge` finds it. A prebuilt adds 10 MB to history.
process.exitCode = await buildCrate(edgeCrate, process.argv.slice(2))
