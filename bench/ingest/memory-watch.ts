import { setTimeout as sleep } from 'node:timers/promises'
import { treeUsage } from '../support/process-tree.ts'

const everyMs = 2_000

/** Looks at a process's memory every two seconds until it is disposed of. */
export class MemoryWatch implements AsyncDisposable {
  mostBytes = 0
  readonly #pid: number
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(pid: number) {
    this.#pid = pid
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const { root } = await treeUsage(this.#pid)
      this.mostBytes = Math.max(this.mostBytes, root.memoryBytes)
      // Rejects where it is over, which is no failure.
      await sleep(everyMs, null, { signal }).catch(() => {})
    }
  }
}
