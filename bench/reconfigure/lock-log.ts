/** How long one online addition waited for the engine, and how long it took from then on. */
export interface LockTimes {
  /** Until the engine's lock was had and the first vector made. */
  waitedMs: number
  /** From then until the namespace's row named all of them. */
  heldMs: number
}

/** Reads the server's own log for what no answer tells. */
export class LockLog {
  #last: LockTimes | null = null

  /** A line that is not the one looked for is passed on to stderr where it warns. */
  take(line: string): void {
    const entry = parse(line)
    const { waitedMs, heldMs, level } = entry
    if (typeof waitedMs === 'number' && typeof heldMs === 'number')
      this.#last = { waitedMs, heldMs }
    else if (typeof level !== 'number' || level >= 40) process.stderr.write(`${line}\n`)
  }

  /** Null where the log says nothing of it. */
  last(): LockTimes | null {
    return this.#last
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}
