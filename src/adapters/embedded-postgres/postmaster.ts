import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../domain/failure.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Invocation } from './identity.ts'
import { isReady, stopLeftovers } from './leftovers.ts'

/** Crash recovery replays the log: at most `max_wal_size` of it, on the slowest disk. */
const readyMs = 300_000
/** A start that fails at once is tried again for this long: what a killed server held is freed by then. */
const retryMs = 20_000
/** Between tries to bring back one that died: a full disk may take hours to be given room. */
const restartPauseMs = { first: 250, max: 5_000 }
const pollMs = 5
const linesKept = 20

/**
 * Holds PostgreSQL's life to ours: the shell waits for the end of its standard input, which comes when we close
 * it and also when we are killed, and then asks for a fast shutdown.
 */
const supervisor = `
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ cat <&3; kill -INT "$server"; } >/dev/null 2>&1 & watch=$!
exec 3<&- </dev/null
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`

/** The supervised command: what `runAs` is to be given. */
export function supervised(command: string, args: string[]): { command: string; args: string[] } {
  return { command: '/bin/sh', args: ['-c', supervisor, 'postgres', command, ...args] }
}

/** One running server on one data folder. Started again where it dies without being asked to. */
export class Postmaster implements AsyncDisposable {
  readonly #invocation: Invocation
  readonly #dataFolder: string
  readonly #log: Logger
  #child: ChildProcess | null = null
  #isClosing = false

  constructor(invocation: Invocation, dataFolder: string, log: Logger) {
    this.#invocation = invocation
    this.#dataFolder = dataFolder
    this.#log = log
  }

  /** Returns when connections are taken. Throws `database_unavailable` with PostgreSQL's own last words. */
  async start(): Promise<void> {
    const deadline = Date.now() + retryMs
    for (;;) {
      await stopLeftovers(this.#dataFolder, this.#log)
      const lastWords = await this.#attempt()
      if (lastWords === null || this.#isClosing) return
      if (Date.now() > deadline) throw this.#failure(lastWords)
      await sleep(200)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const exited = once(child, 'exit')
    child.stdin?.destroy()
    const isStopped = await Promise.race([
      exited.then(() => true),
      sleep(20_000, false, { ref: false }),
    ])
    if (!isStopped) await stopLeftovers(this.#dataFolder, this.#log)
  }

  /** Null when it is ready; else what it said before it ended. */
  async #attempt(): Promise<string | null> {
    const { command, args, options } = this.#invocation
    // Detached: a Ctrl-C is for us, and we still need the database while we drain.
    const child = spawn(command, args, {
      ...options,
      cwd: this.#dataFolder,
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    this.#child = child
    const words = this.#listen(child)
    const gone = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) =>
        setImmediate(() => resolve(words.join('\n') || `ended with ${code ?? signal}`)),
      )
    })
    const outcome = await Promise.race([gone, this.#ready(child)])
    if (outcome !== null) return outcome
    child.unref()
    void gone.then((lastWords) => this.#restart(lastWords))
    return null
  }

  async #ready(child: ChildProcess): Promise<string | null> {
    const deadline = Date.now() + readyMs
    while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      if (await isReady(this.#dataFolder)) return null
      if (Date.now() > deadline) return `not ready after ${readyMs} ms`
      await sleep(pollMs)
    }
    return await new Promise(() => {})
  }

  #listen(child: ChildProcess): string[] {
    const words: string[] = []
    child.stdin?.on('error', () => {})
    if ('unref' in (child.stdin ?? {})) unref(child.stdin)
    if (!child.stderr) return words
    unref(child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      words.push(line)
      if (words.length > linesKept) words.shift()
      if (/ (FATAL|PANIC|ERROR): /.test(line))
        this.#log.warn({ line }, 'PostgreSQL reports a fault.')
      else this.#log.debug({ line }, 'PostgreSQL says something.')
    })
    return words
  }

  /** Tried for as long as this process lives: what ended it, a full disk most often, may be mended meanwhile. */
  async #restart(lastWords: string): Promise<void> {
    if (this.#isClosing) return
    this.#log.error({ lastWords }, 'PostgreSQL ended by itself; starting it again.')
    for (let pauseMs = restartPauseMs.first; !this.#isClosing;) {
      const obstacle = await this.#startAgain()
      if (obstacle === null) return
      this.#log.error({ lastWords: obstacle, pauseMs }, 'PostgreSQL does not start; trying again.')
      await sleep(pauseMs, null, { ref: false })
      pauseMs = Math.min(2 * pauseMs, restartPauseMs.max)
    }
  }

  /** Null when it is ready; else why it is not. */
  async #startAgain(): Promise<string | null> {
    try {
      await stopLeftovers(this.#dataFolder, this.#log)
      return await this.#attempt()
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  #failure(lastWords: string) {
    return fail('database_unavailable', {
      reason: `the embedded PostgreSQL does not start on ${this.#dataFolder}: ${lastWords.trim()}`,
    })
  }
}

/** Pipes to a server that lives as long as we do must not keep us alive. */
function unref(stream: object | null): void {
  if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
}
