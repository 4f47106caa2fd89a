import type { NativeCrate } from '../native/native-crate.ts'

/** The addon over Qdrant Edge. */
export const edgeCrate: NativeCrate = {
  folder: import.meta.dirname,
  name: 'nacre-edge',
  suffix: '.node',
  title: 'the embedded vector engine',
  artifact: process.platform === 'darwin' ? 'libnacre_edge.dylib' : 'libnacre_edge.so',
  mainCrate: 'qdrant-edge',
  rustMin: '1.97',
  prebuilt: { platform: 'linux-x64-gnu', target: null },
  build: { command: 'npm run edge:build', time: 'about 10 minutes' },
  instead: {
    what: 'use a Qdrant server instead',
    command: 'QDRANT_URL=http://localhost:6333 npm start',
  },
}
