import { extname } from 'node:path'
import { execPath } from 'node:process'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What came of looking at files that may be damaged. */
export type Outcome = { points: number; unreadable: number } | { error: string }

/** Opens the shard and reads every point, as far as it goes. */
export function readThrough(shard: string, signal: AbortSignal): Promise<Outcome> {
  return salvage(['read', shard], signal)
}

/** Opens the shard, no more. */
export function tryOpening(shard: string, signal: AbortSignal): Promise<Outcome> {
  return salvage(['open', shard], signal)
}

/** Copies every point that can be read, with its vectors, into another shard; what is newer there stays. */
export function copyInto(target: string, shard: string, signal: AbortSignal): Promise<Outcome> {
  return salvage(['copy', shard, target], signal)
}

/**
 * In a process of its own: damaged files that the engine reads through memory end whoever reads them, and not only the
 * call. Such an end is an outcome like any other. Throws the signal's reason.
 */
async function salvage(task: string[], signal: AbortSignal): Promise<Outcome> {
  signal.throwIfAborted()
  const file = new URL(
    `./salvage-process${extname(fileURLToPath(import.meta.url))}`,
    import.meta.url,
  )
  const child = spawn(execPath, [fileURLToPath(file), ...task], {
    // Its end tells the child of ours: it holds the shard's lock.
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, killer) => resolve(code === 0 ? null : endOf(code, killer)))
  })
  const [said, , end] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  signal.throwIfAborted()
  return end === null ? (JSON.parse(said) as Outcome) : { error: end }
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null
    ? `its reader ended with code ${code}`
    : `its reader was ended by ${signal}, which is what damaged files do`
}
