import { setTimeout as sleep } from 'node:timers/promises'
import { isFailure } from '../../domain/failure.ts'
import { ServerRefused } from '../reach-server.ts'
import { StreamCut } from './read-stream.ts'

/** Tries of one step, and what passes between them: 1, 2, 4, 8 … 30 s. */
const triesMax = 8
const waitMsMax = 30_000

export interface Patience {
  signal: AbortSignal
  tell: (line: string) => void
}

/** Tries a step again where another may well do better: the server is busy, restarts, or the line went dead. */
export async function patiently<T>(
  { signal, tell }: Patience,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || tries === triesMax || !isPassing(error)) throw error
      const waitMs = Math.min(waitMsMax, 1_000 * 2 ** (tries - 1))
      tell(`${what}: ${error.message} Again in ${waitMs / 1000} s.`)
      await sleep(waitMs, undefined, { signal })
    }
  }
}

function isPassing(error: unknown): error is Error {
  if (error instanceof StreamCut) return true
  if (error instanceof ServerRefused) return [409, 429, 502, 503, 504].includes(error.status)
  // No server answers: it may be starting.
  return isFailure(error, 'bad_request') && error.cause instanceof TypeError
}
