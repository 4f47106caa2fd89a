import type { Logger } from '../../ports/logger.ts'
import type { PluginCode } from '../../ports/plugin-host.ts'
import { PluginEnded, PluginRefused } from './plugin-ended.ts'
import type { PluginProcess } from './plugin-process.ts'

export type Priority = 'query' | 'batch'

/** A loaded process, and what has to be given back when it is gone. */
export interface Started {
  process: PluginProcess
  /** CPU time after which it is ended between two calls, before the kernel ends it within one. */
  wornCpuMs: number
}

export interface PoolOptions {
  /** Starts and loads one. Throws `PluginEnded` and `PluginRefused`. */
  start: (code: PluginCode, signal: AbortSignal) => Promise<Started>
  processesMax: number
  concurrencyMax: number
  queueMax: number
  idleMs: number
  log: Logger
}

/** No place was free, and too many wait already. */
export class PoolFull extends Error {
  override readonly name = 'PoolFull'
}

interface Member {
  key: string
  pluginId: string
  priority: Priority
  state: 'busy' | 'idle' | 'leaving'
  isRetired: boolean
  idleTimer: NodeJS.Timeout | undefined
  /** Null while it starts. */
  started: Started | null
  /** Resolves when its place is free again. */
  gone: Promise<void>
  leave: () => void
}

interface Call {
  key: string
  code: PluginCode
  priority: Priority
  resolve: (member: Member) => void
  reject: (error: unknown) => void
}

/** How often one plugin's processes have ended without an answer in a row. */
interface Health {
  deaths: number
  restUntil: number
  lastWords: string
  /** Whether a timer already ends the rest. */
  isTimed: boolean
}

/** The first restarts are at once: a batch with one bad row is split until the row is found, some seven ends in a row. */
const quickDeaths = 3
const restMinMs = 50
/** So many ends in a row are no bad row any more. */
const deathsMax = 10
const restMaxMs = 60_000
const healthsMax = 1_000

/**
 * Processes of all plugins: one kind for each plugin, namespace and archive; as many of it as it may have; idle ones
 * are kept for a while, and give way where another plugin needs their place. Queries go first, and the last place is theirs.
 */
export class ProcessPool implements AsyncDisposable {
  readonly #options: PoolOptions
  readonly #members = new Set<Member>()
  readonly #waiting: Record<Priority, Call[]> = { query: [], batch: [] }
  readonly #healths = new Map<string, Health>()
  readonly #closing = new AbortController()

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /**
   * Works with a loaded process of the plugin, alone. Throws what loading or the work throws, `PluginEnded` for a
   * plugin that ended too often of late, and `PoolFull`.
   */
  async use<T>(
    code: PluginCode,
    priority: Priority,
    signal: AbortSignal | undefined,
    work: (process: PluginProcess) => Promise<T>,
  ): Promise<T> {
    const member = await this.#member(code, priority, signal)
    try {
      const { process } = (member.started ??= await this.#start(code, signal))
      const result = await work(process)
      this.#healths.delete(member.key)
      return result
    } catch (error) {
      member.isRetired ||= isSpoiling(error)
      this.#learn(member.key, error)
      throw error
    } finally {
      await this.#release(member)
    }
  }

  /** Ends its processes once their calls are done; new calls start new ones. */
  async stop(pluginId: string): Promise<void> {
    const members = [...this.#members].filter((member) => member.pluginId === pluginId)
    for (const member of members) {
      member.isRetired = true
      if (member.state === 'idle') this.#dismiss(member)
    }
    await Promise.all(members.map(({ gone }) => gone))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new PluginEnded('closed', 'the server is closing'))
    for (const queue of Object.values(this.#waiting))
      for (const call of queue.splice(0)) call.reject(this.#closing.signal.reason)
    const members = [...this.#members]
    for (const member of members) {
      if (member.state === 'idle') this.#dismiss(member)
      else member.started?.process.kill()
    }
    await Promise.all(members.map(({ gone }) => gone))
  }

  async #member(code: PluginCode, priority: Priority, signal?: AbortSignal): Promise<Member> {
    signal?.throwIfAborted()
    this.#closing.signal.throwIfAborted()
    const queue = this.#waiting[priority]
    if (queue.length >= this.#options.queueMax)
      throw new PoolFull(`${this.#options.queueMax} calls wait for a plugin process already`)
    const { promise, resolve, reject } = Promise.withResolvers<Member>()
    const call: Call = { key: keyOf(code), code, priority, resolve, reject }
    queue.push(call)
    const abort = () => {
      if (this.#unqueue(call)) reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#dispatch()
    return await promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  async #start(code: PluginCode, signal?: AbortSignal): Promise<Started> {
    const closing = this.#closing.signal
    return await this.#options.start(code, signal ? AbortSignal.any([signal, closing]) : closing)
  }

  #dispatch(): void {
    for (const priority of ['query', 'batch'] as const)
      // A copy: a call that is served leaves the queue.
      for (const call of this.#waiting[priority].slice()) this.#serve(call)
  }

  /** Gives the call a process, makes it place for one, or leaves it waiting. */
  #serve(call: Call): void {
    if (this.#isResting(call)) return
    const own = [...this.#members].filter(({ key }) => key === call.key)
    const most = Math.min(call.code.profile.maxConcurrency, this.#options.concurrencyMax)
    const isBatch = call.priority === 'batch'
    if (isBatch && own.filter(isOnBatch).length >= most) return
    const idle = own.find(({ state }) => state === 'idle')
    if (idle) return this.#assign(call, idle)
    // A query has a process beside those that work on batches.
    if (own.length >= most + 1) return
    const { processesMax } = this.#options
    if (this.#members.size < (isBatch ? processesMax - 1 : processesMax))
      return this.#assign(call, this.#add(call))
    const members = [...this.#members]
    if (members.some(({ state }) => state === 'leaving')) return
    const other = members.find(({ state, key }) => state === 'idle' && key !== call.key)
    if (other) this.#dismiss(other)
  }

  #assign(call: Call, member: Member): void {
    clearTimeout(member.idleTimer)
    this.#unqueue(call)
    member.state = 'busy'
    member.priority = call.priority
    // The one that was used last stands last: the first idle one gives way first.
    this.#members.delete(member)
    this.#members.add(member)
    call.resolve(member)
  }

  #add({ key, code, priority }: Call): Member {
    const { promise, resolve } = Promise.withResolvers<void>()
    const member: Member = {
      key,
      pluginId: code.pluginId,
      priority,
      state: 'busy',
      isRetired: false,
      idleTimer: undefined,
      started: null,
      gone: promise,
      leave: resolve,
    }
    this.#members.add(member)
    return member
  }

  async #release(member: Member): Promise<void> {
    const { started } = member
    const isFit =
      started !== null &&
      started.process.isAlive &&
      !member.isRetired &&
      !this.#closing.signal.aborted &&
      (await started.process.cpuMs()) < started.wornCpuMs
    if (!isFit || member.isRetired || this.#closing.signal.aborted) return this.#dismiss(member)
    member.state = 'idle'
    member.idleTimer = setTimeout(() => this.#dismiss(member), this.#options.idleMs)
    member.idleTimer.unref()
    this.#dispatch()
  }

  /** Its place is free when it is gone, not before. */
  #dismiss(member: Member): void {
    if (member.state === 'leaving') return
    member.state = 'leaving'
    clearTimeout(member.idleTimer)
    void (member.started?.process.close() ?? Promise.resolve()).then(() => {
      this.#members.delete(member)
      member.leave()
      this.#dispatch()
    })
  }

  #unqueue(call: Call): boolean {
    const queue = this.#waiting[call.priority]
    const at = queue.indexOf(call)
    if (at >= 0) queue.splice(at, 1)
    return at >= 0
  }

  /** A plugin that ends again and again is started less and less often, and its calls fail meanwhile. */
  #isResting(call: Call): boolean {
    const health = this.#healths.get(call.key)
    const restMs = (health?.restUntil ?? 0) - Date.now()
    if (!health || restMs <= 0) return false
    if (health.deaths >= deathsMax) {
      if (this.#unqueue(call)) call.reject(restingError(health, restMs))
    } else if (!health.isTimed) {
      health.isTimed = true
      // A timer can be early by the clock that the rest goes by: then it is set once more.
      setTimeout(() => {
        health.isTimed = false
        this.#dispatch()
      }, restMs)
    }
    return true
  }

  #learn(key: string, error: unknown): void {
    if (!isDeath(error)) return this.#forget(key, error)
    const deaths = (this.#healths.get(key)?.deaths ?? 0) + 1
    const restMs = deaths < quickDeaths ? 0 : restMinMs * 2 ** (deaths - quickDeaths)
    const restUntil = Date.now() + Math.min(restMs, restMaxMs)
    this.#healths.delete(key)
    this.#healths.set(key, { deaths, restUntil, lastWords: error.message, isTimed: false })
    const [oldest] = this.#healths.keys()
    if (this.#healths.size > healthsMax && oldest !== undefined) this.#healths.delete(oldest)
    this.#options.log.warn({ plugin: key, deaths, reason: error.message }, 'a plugin process ended')
  }

  /** It answered, if only that it failed: the process is well. */
  #forget(key: string, error: unknown): void {
    if (error instanceof PluginRefused) this.#healths.delete(key)
  }
}

function keyOf({ pluginId, namespaceId, archiveHash }: PluginCode): string {
  return `${pluginId} of ${namespaceId} from ${archiveHash.slice(0, 12)}`
}

/** A process whose answer was none, or that had no memory left for one, is not asked again. */
function isSpoiling(error: unknown): boolean {
  if (error instanceof PluginRefused) return error.kind === 'resource'
  return error instanceof PluginEnded
}

/** What cannot be loaded is as good as dead: the next start would fail as well. */
function isDeath(error: unknown): error is PluginEnded | PluginRefused {
  if (error instanceof PluginRefused) return error.kind === 'load'
  return error instanceof PluginEnded && error.reason !== 'closed' && error.reason !== 'resting'
}

function isOnBatch({ state, priority }: Member): boolean {
  return state === 'busy' && priority === 'batch'
}

function restingError({ deaths, lastWords }: Health, restMs: number): PluginEnded {
  const seconds = Math.ceil(restMs / 1000)
  return new PluginEnded(
    'resting',
    `its process ended ${deaths} times in a row and is started again in ${seconds} s; the last time ${lastWords}`,
  )
}
