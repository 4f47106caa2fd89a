import { openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { createApi } from '../../src/http/api.ts'
import { routes } from '../../src/http/routes.ts'
import { startServer } from '../../src/http/server.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { openProduct } from '../../src/serve.ts'
import { cpuPerRead } from './cpu.ts'

// One process with one engine that answers at two addresses: as it is, and without the tap. Its parent asks it, and
// learns the addresses, the key and the CPU time of a record by messages.

const [folder = ''] = process.argv.slice(2)
const key = 'sk_bench_0123456789abcdef'
const config = readConfig({ NACRE_DATA: folder, NACRE_LOG: 'silent', NACRE_ADMIN_KEY: key })
const log = openLogger({ level: 'silent' })
const product = await openProduct(config, log)
const { ports } = product
// Without a queue to ask for a check with, the gate records nothing; lists need none.
const untapped = { ...ports, queue: undefined } as unknown as Ports
const plainApi = createApi(routes, untapped)
const listen = { host: '127.0.0.1', port: 0, log, drainTimeoutMs: 1_000 }
const tapped = await startServer({ ...listen, api: product.api })
const plain = await startServer({ ...listen, api: plainApi })
process.send?.({ kind: 'ready', tapped: tapped.url, plain: plain.url, key })

process.on('message', (message: 'cpu' | 'stop') => {
  if (message === 'cpu')
    void cpuPerRead(ports).then((rows) => process.send?.({ kind: 'cpu', rows }))
  else void stop()
})

async function stop(): Promise<void> {
  await tapped[Symbol.asyncDispose]()
  await plain[Symbol.asyncDispose]()
  await plainApi[Symbol.asyncDispose]()
  await product[Symbol.asyncDispose]()
  process.disconnect?.()
}
