import { openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { createApi } from '../../src/http/api.ts'
import { routes } from '../../src/http/routes.ts'
import { startServer } from '../../src/http/server.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { openProduct } from '../../src/serve.ts'
import { answerQuestions } from '../support/asked-process.ts'
import { cpuPerRead, type CpuRow } from './cpu.ts'

// One process with one engine that answers at two addresses: as it is, and without the tap.

export interface Places {
  /** Addresses. */
  tapped: string
  plain: string
  key: string
}

export interface Questions {
  /** On this folder. */
  open: { ask: string; answer: Places }
  cpu: { ask: null; answer: CpuRow[] }
  close: { ask: null; answer: null }
}

const key = 'sk_bench_0123456789abcdef'
const opened = new AsyncDisposableStack()
let ports: Ports | null = null

answerQuestions<Questions>({
  async open(folder) {
    const config = readConfig({ NACRE_DATA: folder, NACRE_LOG: 'silent', NACRE_ADMIN_KEY: key })
    const log = openLogger({ level: 'silent' })
    const product = opened.use(await openProduct(config, log))
    ports = product.ports
    // Without a queue to ask for a check with, the gate records nothing; lists need none.
    const untapped = { ...ports, queue: undefined } as unknown as Ports
    const plainApi = opened.use(createApi(routes, untapped))
    const listen = { host: '127.0.0.1', port: 0, log, drainTimeoutMs: 1_000 }
    const plain = opened.use(await startServer({ ...listen, api: plainApi }))
    const tapped = opened.use(await startServer({ ...listen, api: product.api }))
    return { tapped: tapped.url, plain: plain.url, key }
  },
  async cpu() {
    if (ports === null) throw new Error('open comes first')
    return await cpuPerRead(ports)
  },
  async close() {
    await opened.disposeAsync()
    return null
  },
})
