import { createReadStream } from 'node:fs'
import { linesIn, originalPath } from './archive-folder.ts'
import type { Original } from './fetch-originals.ts'
import { patiently } from './patience.ts'
import type { LoadCall } from './send-part.ts'

/** Asked for in one request, as the server allows. */
const hashesMax = 1_000
/** Sent at once. */
const originalsAtOnce = 4

/** Those of a list that the server does not have yet. */
export async function sendOriginals(call: LoadCall, listPath: string): Promise<void> {
  let waiting: string[] = []
  for await (const lines of linesIn(listPath)) {
    for (const line of lines) {
      waiting.push((JSON.parse(line) as Original).hash)
      if (waiting.length < hashesMax) continue
      await sendMissing(call, waiting)
      waiting = []
    }
  }
  if (waiting.length > 0) await sendMissing(call, waiting)
}

async function sendMissing(call: LoadCall, hashes: readonly string[]): Promise<void> {
  const { server, signal, folder } = call
  await patiently(call, 'originals', async () => {
    const { missing } = await server.call<{ missing: string[] }>(
      'POST',
      '/v1/load/originals/missing',
      { hashes },
    )
    const work = async () => {
      for (let hash = missing.shift(); hash !== undefined; hash = missing.shift()) {
        signal.throwIfAborted()
        const content = createReadStream(originalPath(folder, hash))
        const body = { content, type: 'application/octet-stream' }
        await server.send('PUT', `/v1/load/originals/${hash}`, body)
      }
    }
    await Promise.all(Array.from({ length: originalsAtOnce }, work))
  })
}
