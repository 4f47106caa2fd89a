import { writeLastUse } from '../../store/api-keys.ts'
import type { Ports } from '../../ports/ports.ts'

/** A batch holds no more keys than this; more simply wait for their next use. */
const keysMax = 10_000

/** Remembers which keys were used and writes that in batches: a request waits for no SQL (design 7, HTTP). */
export class KeyUse implements AsyncDisposable {
  readonly #ports: Pick<Ports, 'db' | 'now' | 'log' | 'config'>
  #used = new Set<string>()
  #timer: NodeJS.Timeout | null = null

  constructor(ports: Pick<Ports, 'db' | 'now' | 'log' | 'config'>) {
    this.#ports = ports
  }

  note(keyId: string): void {
    if (this.#used.size >= keysMax) return
    this.#used.add(keyId)
    this.#timer ??= setTimeout(() => void this.flush(), this.#ports.config.keyUseIntervalMs).unref()
  }

  /** Never throws: when a key was used last is worth a log line, no more. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const keyIds = [...this.#used]
    this.#used = new Set()
    if (keyIds.length === 0) return
    try {
      await writeLastUse(this.#ports.db, keyIds, this.#ports.now())
    } catch (error) {
      this.#ports.log.warn({ err: error, keys: keyIds.length }, 'last use of keys not written')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush()
  }
}
