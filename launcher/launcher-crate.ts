import type { NativeCrate } from '../native/native-crate.ts'

/** The program that starts plugins behind walls. Linux only; the committed one is static. */
export const launcherCrate: NativeCrate = {
  folder: import.meta.dirname,
  name: 'nacre-launcher',
  suffix: '',
  title: 'the plugin launcher',
  artifact: 'nacre-launcher',
  mainCrate: 'nacre-launcher',
  rustMin: '1.87',
  prebuilt: { platform: 'linux-x64', target: 'x86_64-unknown-linux-musl' },
  build: { command: 'npm run launcher:build', time: 'about a minute' },
  instead: { what: 'go on without plugins', command: 'npm start' },
}
