#!/usr/bin/env node
// The checkout's command: runs the sources with the Node that the package pins, whatever Node started this.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pinned = join(
  dirname(createRequire(import.meta.url).resolve('node/package.json')),
  'bin',
  'node',
)
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128)
})
