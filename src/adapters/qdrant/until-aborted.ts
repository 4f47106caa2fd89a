/**
 * The work's outcome, or the signal's reason if that comes first. Work under way goes on: neither engine
 * can stop a call, so an abort ends the wait only. Aborted beforehand, it is not begun.
 */
export function untilAborted<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  return signal ? raced(work, signal) : work()
}

async function raced<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
