import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { notStartedStatus } from '../../../launcher/policy.ts'
import type { Logger } from '../../ports/logger.ts'
import { BadFrame, FrameReader } from './frame-reader.ts'
import { PluginEnded, PluginRefused, type EndCause } from './plugin-ended.ts'
import { PluginLog } from './plugin-log.ts'
import { folderBytes, readUsage } from './process-usage.ts'

/** What one process may use; beyond it the process is ended. */
export interface ProcessLimits {
  memoryBytes: number
  /** Of one call. */
  cpuSeconds: number
  threads: number
  /** Of its scratch folder. */
  diskBytes: number
  outputBytes: number
  logLines: number
}

export interface ProcessStart {
  command: string
  args: readonly string[]
  /** Watched for its size, removed with the process. Null where it may write nowhere. */
  scratch: string | null
  limits: ProcessLimits
  log: Logger
}

const Answer = z.looseObject({ id: z.number(), ok: z.boolean() })
const Refusal = z.object({ error: z.object({ kind: z.string(), message: z.string() }) })
export type Answer = z.infer<typeof Answer>

interface Call {
  id: number
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}

const watchMs = 100
const idleWatchMs = 1_000
const idleCpuMsMax = 1_000
/** Every so many looks at the process its folder is looked at as well. */
const looksPerFolder = 10
/** Written to stderr during one call; more is no log. */
const logBytesMax = 8 << 20
/** A process that is asked to end and does not is killed. */
const closeMs = 1_000
const messageMax = 2_000

/**
 * One process of one plugin, and the frames that it and the server exchange, one call at a time (python/README.md).
 * Nothing in it is believed: a call ends with an answer, or with the process.
 */
export class PluginProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #start: ProcessStart
  readonly #log: PluginLog
  readonly #reader: FrameReader
  #call: Call | null = null
  #lastId = 0
  #answered = 0
  #ended: PluginEnded | null = null
  #idleWatch: NodeJS.Timeout | undefined
  /** Resolves when the process is gone and its folder removed. Never rejects. */
  readonly gone: Promise<void>

  constructor(start: ProcessStart) {
    const { command, args, limits } = start
    this.#start = start
    this.#reader = new FrameReader(limits.outputBytes)
    // No variable of ours: the launcher gives the program its own, and needs none itself.
    this.#child = spawn(command, args, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#log = new PluginLog(this.#child.stderr, { log: start.log, linesMax: limits.logLines })
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    // A broken pipe is told by the end of the process.
    this.#child.stdout.on('error', () => {})
    this.#child.stdin.on('error', () => {})
    this.gone = this.#whenGone()
  }

  get isAlive(): boolean {
    return this.#ended === null
  }

  /** Calls that it has answered, loading included. */
  get answered(): number {
    return this.#answered
  }

  /** CPU time since its start; infinite where it is gone. */
  async cpuMs(): Promise<number> {
    const usage = await readUsage(this.#child.pid ?? 0)
    return usage?.cpuMs ?? Number.POSITIVE_INFINITY
  }

  /**
   * Throws `PluginEnded` where the process did not live to answer, `PluginRefused` where it says that it failed, and
   * the signal's reason, which ends the process too: what it works on cannot be called back.
   */
  async ask(
    request: { op: string } & Record<string, unknown>,
    wallMs: number,
    signal?: AbortSignal,
  ): Promise<Answer> {
    signal?.throwIfAborted()
    if (this.#ended) throw this.#ended
    if (this.#call) throw new Error('a plugin process answers one call at a time')
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const call = { id: ++this.#lastId, resolve, reject }
    this.#call = call
    const abort = () => {
      reject(signal?.reason)
      this.#end('closed', 'the call was given up')
    }
    signal?.addEventListener('abort', abort, { once: true })
    clearInterval(this.#idleWatch)
    const stopWatching = this.#watch(wallMs)
    this.#child.stdin.write(frameOf({ ...request, id: call.id }))
    try {
      const answer = await promise
      this.#answered += 1
      return accept(answer)
    } finally {
      stopWatching()
      signal?.removeEventListener('abort', abort)
      this.#call = null
      this.#watchIdle()
    }
  }

  /** Lets it end, and sees to it that it does. */
  async close(): Promise<void> {
    if (this.#ended === null) this.#ended = new PluginEnded('closed', 'its process was closed')
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#kill(), closeMs)
    await this.gone
    clearTimeout(timer)
  }

  kill(): void {
    this.#end('closed', 'its process was closed')
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return
    try {
      if (this.#call === null) throw new BadFrame('it wrote an answer that nobody asked for')
      const value = this.#reader.push(chunk)
      if (value === null) return
      const answer = Answer.safeParse(value)
      if (!answer.success || answer.data.id !== this.#call.id)
        throw new BadFrame('its answer is not one to the call')
      this.#call.resolve(answer.data)
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      this.#end(error.isTooMuch ? 'output' : 'answer', error.message)
    }
  }

  /** Looks at what the process uses until the call ends. */
  #watch(wallMs: number): () => void {
    const pid = this.#child.pid ?? 0
    const logged = this.#log.bytes
    let looks = 0
    let cpuAtStart: number | null = null
    let isLooking = false
    const look = async () => {
      if (this.#log.bytes - logged > logBytesMax)
        this.#end('log', `it wrote more than ${megabytes(logBytesMax)} into its log`)
      const usage = await readUsage(pid)
      if (usage === null) return
      cpuAtStart ??= usage.cpuMs
      this.#judge(usage, usage.cpuMs - cpuAtStart)
      if (looks++ % looksPerFolder === 0) await this.#judgeFolder()
    }
    const watcher = setInterval(() => {
      if (isLooking) return
      isLooking = true
      void look().finally(() => (isLooking = false))
    }, watchMs)
    const timer = setTimeout(() => this.#end('time', `it took longer than ${wallMs} ms`), wallMs)
    return () => {
      clearInterval(watcher)
      clearTimeout(timer)
    }
  }

  /** Between calls it has nothing to do: what works on, or grows, is ended. */
  #watchIdle(): void {
    if (this.#ended) return
    let cpuAtStart: number | null = null
    const look = async () => {
      const usage = await readUsage(this.#child.pid ?? 0)
      if (usage === null || this.#call !== null) return
      cpuAtStart ??= usage.cpuMs
      this.#judge(usage, 0)
      if (usage.cpuMs - cpuAtStart > idleCpuMsMax)
        this.#end('cpu', 'it went on working after its answer')
    }
    this.#idleWatch = setInterval(() => void look(), idleWatchMs).unref()
  }

  #judge({ memoryBytes, threads }: { memoryBytes: number; threads: number }, cpuMs: number): void {
    const { limits } = this.#start
    if (memoryBytes > limits.memoryBytes)
      this.#end('memory', `it used more than ${megabytes(limits.memoryBytes)} of memory`)
    if (threads > limits.threads)
      this.#end('threads', `it started more than ${limits.threads} threads`)
    if (cpuMs > limits.cpuSeconds * 1000)
      this.#end('cpu', `it used more than ${limits.cpuSeconds} s of CPU time`)
  }

  async #judgeFolder(): Promise<void> {
    const { scratch, limits } = this.#start
    if (scratch !== null && (await folderBytes(scratch)) > limits.diskBytes)
      this.#end('disk', `it wrote more than ${megabytes(limits.diskBytes)} of files`)
  }

  /** The first reason counts. */
  #end(reason: EndCause, message: string): void {
    if (this.#ended === null) {
      this.#ended = new PluginEnded(reason, message)
      this.#call?.reject(this.#ended)
    }
    this.#kill()
  }

  /** The group too: where the kernel has no filter, it may have started others. */
  #kill(): void {
    const { pid } = this.#child
    if (pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // It leads no group yet.
      }
    }
    this.#child.kill('SIGKILL')
  }

  async #whenGone(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#child.on('error', (error) => {
      this.#end('started', `it cannot be started: ${error.message}`)
      if (this.#child.pid === undefined) resolve()
    })
    this.#child.on('close', (status, signal) => {
      this.#end(...this.#endOf(status, signal))
      resolve()
    })
    await promise
    clearInterval(this.#idleWatch)
    const { scratch } = this.#start
    if (scratch !== null) await rm(scratch, { recursive: true, force: true }).catch(() => {})
  }

  #endOf(status: number | null, signal: NodeJS.Signals | null): [EndCause, string] {
    const words = this.#log.lastWords()
    const said = words === '' ? '' : `; its last words: ${words.slice(-messageMax)}`
    if (status === notStartedStatus) return ['started', `it was not started${said}`]
    if (signal === 'SIGXCPU') return ['cpu', 'it used all the CPU time it may have']
    if (signal !== null) return ['exit', `its process was ended by ${signal}${said}`]
    return ['exit', `its process ended with code ${status}${said}`]
  }
}

function frameOf(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Where the host itself could not go on, the plugin has spoiled its process. */
function accept(answer: Answer): Answer {
  if (answer.ok) return answer
  const refusal = Refusal.safeParse(answer)
  if (!refusal.success) throw new PluginEnded('answer', 'it failed without a reason')
  const { kind, message } = refusal.data.error
  const reason = message.slice(0, messageMax)
  if (kind === 'host') throw new PluginEnded('exit', reason)
  throw new PluginRefused(kind, reason)
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
