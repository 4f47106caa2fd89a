import type { LoadStatus } from '../../domain/archive/begin-load.ts'
import type { ServerClient } from '../reach-server.ts'
import { linesIn } from './archive-folder.ts'
import { patiently, type Patience } from './patience.ts'

/** Lines and characters of one request; a longer line goes alone. */
const linesMax = 2_000
const charactersMax = 4 << 20

export interface LoadCall extends Patience {
  server: ServerClient
  /** Of the archive. */
  folder: string
  archiveId: string
  /** Where each part stands; kept as it moves. */
  positions: Record<string, number>
  onLines: (done: number) => void
}

/** Sends a part from where it stands; what was sent and not answered is asked for before it goes on. */
export async function sendPart(
  call: LoadCall,
  part: string,
  path: string,
  urlOf: (from: number) => string,
): Promise<void> {
  await patiently(call, part, async () => {
    const from = call.positions[part] ?? 0
    try {
      await sendFrom(call, part, path, from, urlOf)
    } catch (error) {
      // Where nobody answers now, the next try asks again.
      call.positions = await positionsNow(call).catch(() => call.positions)
      throw error
    }
  })
}

async function positionsNow({ server, archiveId }: LoadCall): Promise<Record<string, number>> {
  const path = `/v1/load/${encodeURIComponent(archiveId)}`
  return (await server.call<LoadStatus>('GET', path)).positions
}

async function sendFrom(
  call: LoadCall,
  part: string,
  path: string,
  from: number,
  urlOf: (from: number) => string,
): Promise<void> {
  let position = from
  for await (const piece of piecesOf(path, from)) {
    call.signal.throwIfAborted()
    const body = { content: `${piece.join('\n')}\n`, type: 'application/x-ndjson' }
    await call.server.send('POST', urlOf(position), body)
    position += piece.length
    call.positions[part] = position
    call.onLines(position)
  }
}

/** The file's lines after the first `skipped`, in pieces that one request takes. */
async function* piecesOf(path: string, skipped: number): AsyncGenerator<string[], void, undefined> {
  let piece: string[] = []
  let characters = 0
  let number = 0
  for await (const lines of linesIn(path)) {
    for (const line of lines) {
      number += 1
      if (number <= skipped) continue
      if (piece.length > 0 && characters + line.length > charactersMax) {
        yield piece
        piece = []
        characters = 0
      }
      piece.push(line)
      characters += line.length
      if (piece.length < linesMax) continue
      yield piece
      piece = []
      characters = 0
    }
  }
  if (piece.length > 0) yield piece
}
