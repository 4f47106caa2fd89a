/**
 * A readers-writer lock within this process. First come, first served: a waiting writer holds back the readers
 * behind it, so neither side starves.
 */
export class FairLock {
  readonly #waiting: Waiter[] = []
  #readers = 0
  #isWritten = false

  /** Nobody holds it and nobody waits. */
  get isIdle(): boolean {
    return this.#readers === 0 && !this.#isWritten && this.#waiting.length === 0
  }

  /** True, taken, where a reader may enter at once. */
  tryShared(): boolean {
    if (this.#isWritten || this.#waiting.length > 0) return false
    this.#readers += 1
    return true
  }

  /** Throws the signal's reason where it is aborted first. */
  async acquireShared(signal: AbortSignal): Promise<void> {
    if (this.tryShared()) return
    await this.#wait('shared', signal)
  }

  async acquireExclusive(signal: AbortSignal): Promise<void> {
    if (this.isIdle) this.#isWritten = true
    else await this.#wait('exclusive', signal)
  }

  releaseShared(): void {
    this.#readers -= 1
    this.#admit()
  }

  releaseExclusive(): void {
    this.#isWritten = false
    this.#admit()
  }

  async #wait(kind: Waiter['kind'], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { kind, resolve }
    const leave = () => {
      const place = this.#waiting.indexOf(waiter)
      // It was let in just before; then it is in.
      if (place === -1) return
      this.#waiting.splice(place, 1)
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)))
      this.#admit()
    }
    this.#waiting.push(waiter)
    signal.addEventListener('abort', leave, { once: true })
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#mayEnter(next); next = this.#waiting[0]) {
      this.#waiting.shift()
      if (next.kind === 'shared') this.#readers += 1
      else this.#isWritten = true
      next.resolve()
    }
  }

  #mayEnter({ kind }: Waiter): boolean {
    return !this.#isWritten && (kind === 'shared' || this.#readers === 0)
  }
}

interface Waiter {
  kind: 'shared' | 'exclusive'
  resolve(): void
}
