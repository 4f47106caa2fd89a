import type { PgBoss } from 'pg-boss'
import type { Logger } from '../ports/logger.ts'
import { dueQueues } from './due-queues.ts'

/** How often jobs are looked for whose delay has ended, or whose worker died. */
const lookEveryMs = 1_000
/** A longer delay ends at some look. */
const timerSecondsMax = 60

/** Tells workers that there is something for them: else each would ask the database again and again. */
export class QueueAlarm {
  readonly workers: { name: string; id: string }[] = []
  readonly #boss: PgBoss
  readonly #log: Logger
  #looking: NodeJS.Timeout | null = null
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
      for (const name of await dueQueues(this.#boss.getDb(), [...names])) this.wake(name)
    } catch (error) {
      // As with every question of the queue's: the next one may be answered.
      if (!this.#isOver) this.#log.warn({ error }, 'The queue could not look for jobs; it goes on.')
    }
    if (!this.#isOver) this.#looking = this.#lookLater()
  }
}
