import type { PgBoss } from 'pg-boss'
import type { Logger } from '../ports/logger.ts'
import { jobsToSee } from './jobs-to-see.ts'

/** How often jobs are looked for whose delay has ended, or whose worker died. */
const lookEveryMs = 1_000
/** How often finished jobs are removed, and jobs that took too long ended. */
const superviseEveryMs = 60_000
/** A longer delay ends at some look. */
const timerSecondsMax = 60

/**
 * Tells workers that there is something for them, and the supervisor that a worker has died: else each would ask the
 * database again and again.
 */
export class QueueAlarm {
  readonly workers: { name: string; id: string }[] = []
  readonly #boss: PgBoss
  readonly #log: Logger
  #looking: NodeJS.Timeout | null = null
  #supervisedAt = performance.now()
  #isOver = false

  constructor(boss: PgBoss, log: Logger) {
    this.#boss = boss
    this.#log = log
  }

  /** Begins to look, once. */
  begin(): void {
    this.#looking ??= this.#lookLater()
  }

  /** Wakes nobody any more. */
  end(): void {
    this.#isOver = true
    if (this.#looking) clearTimeout(this.#looking)
  }

  wake(name: string): void {
    for (const worker of this.workers) if (worker.name === name) this.wakeWorker(worker.id)
  }

  wakeWorker(id: string): void {
    if (!this.#isOver) this.#boss.notifyWorker(id)
  }

  /** pg-boss tells nobody when a delay ends; sooner than the next look. */
  wakeAfter(name: string, delaySeconds: number): void {
    if (delaySeconds > 0 && delaySeconds < timerSecondsMax)
      setTimeout(() => this.wake(name), delaySeconds * 1000 + 5).unref()
  }

  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), lookEveryMs).unref()
  }

  async #look(): Promise<void> {
    try {
      const names = new Set(this.workers.map(({ name }) => name))
      const { due, isLost } = await jobsToSee(this.#boss.getDb(), [...names])
      for (const name of due) this.wake(name)
      if (isLost || performance.now() - this.#supervisedAt >= superviseEveryMs)
        await this.#supervise()
    } catch (error) {
      // As with every question of the queue's: the next one may be answered.
      if (!this.#isOver) this.#log.warn({ error }, 'The queue could not look for jobs; it goes on.')
    }
    if (!this.#isOver) this.#looking = this.#lookLater()
  }

  async #supervise(): Promise<void> {
    this.#supervisedAt = performance.now()
    await this.#boss.supervise()
  }
}
