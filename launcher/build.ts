import { buildCrate } from '../native/build-crate.ts'
import { launcherCrate } from './launcher-crate.ts'

// `npm run launcher:build`: builds the launcher and puts it where `findLauncher` finds it.
// With --prebuilt: `rustup target add x86_64-unknown-linux-musl` first.
process.exitCode = await buildCrate(launcherCrate, process.argv.slice(2))
