import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { openServer } from '../../src/serve.ts'
import { answerQuestions } from '../support/asked-process.ts'
import { sharesOf, type Shares } from './profile.ts'

// A server as `nacre serve` opens it, whose main thread can be looked into.

export interface Questions {
  /** On this folder. */
  open: { ask: string; answer: { url: string; key: string; pid: number } }
  startProfile: { ask: null; answer: null }
  /** Where the time went since; the whole profile to the file, where one is named. */
  endProfile: { ask: string | null; answer: Shares }
  close: { ask: null; answer: null }
}

const key = 'sk_bench_0123456789abcdef'
const opened = new AsyncDisposableStack()
const session = new Session()

answerQuestions<Questions>({
  async open(folder) {
    const config = readConfig({ NACRE_DATA: folder, NACRE_PORT: '0', NACRE_ADMIN_KEY: key })
    const { url } = opened.use(await openServer(config, openLogger({ level: 'warn' })))
    return { url, key, pid: process.pid }
  },
  async startProfile() {
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 500 })
    await session.post('Profiler.start')
    return null
  },
  async endProfile(path) {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    if (path !== null) await writeFile(path, JSON.stringify(profile))
    return sharesOf(profile)
  },
  async close() {
    await opened.disposeAsync()
    return null
  },
})
