/** The process stopped here, as far as the code under test can tell. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

export interface CrashPoint {
  /** Number of the step that dies, from 0, in their order: a call, or one that changes something (`Steps`). */
  call: number
  /** Before it takes effect, or after it has and before its caller hears of it. */
  when: 'before' | 'after'
  /** What was called, e.g. `vectors.createCollection` or `commit`. */
  name: string
}

/**
 * What is counted. `calls`: SQL statements (BEGIN and COMMIT too) and port calls, all of them. `effects`: those after
 * which a second start finds something else than before them; what only reads can be left out, for a death beside it
 * leaves what the one before it left.
 */
export type Steps = 'calls' | 'effects'

/** Counts steps, and ends the world at one of them. */
export class Doom {
  readonly #at: Pick<CrashPoint, 'call' | 'when'>
  readonly #steps: Steps
  readonly #onEffect: (name: string) => void
  #count = 0
  died: CrashPoint | null = null

  constructor(
    at: Pick<CrashPoint, 'call' | 'when'>,
    steps: Steps,
    onEffect: (name: string) => void = () => {},
  ) {
    this.#at = at
    this.#steps = steps
    this.#onEffect = onEffect
  }

  async run<T>(name: string, isEffect: boolean, effect: () => Promise<T>): Promise<T> {
    const dies = this.enter(name, isEffect)
    const result = await effect()
    this.leave(name, dies)
    return result
  }

  /** True where this call is the one that dies after its effect. */
  enter(name: string, isEffect: boolean): boolean {
    if (this.died) throw new Crash(`${name} after the crash`)
    if (isEffect) this.#onEffect(name)
    if (this.#steps === 'effects' && !isEffect) return false
    const isIt = this.#count++ === this.#at.call
    if (isIt && this.#at.when === 'before') this.#die(name)
    return isIt
  }

  leave(name: string, dies: boolean): void {
    if (dies) this.#die(name)
    if (this.died) throw new Crash(`${name} came back after the crash`)
  }

  #die(name: string): never {
    this.died = { ...this.#at, name }
    throw new Crash(`at ${name}`)
  }
}
